using System.Globalization;
using System.Text;

namespace Bioproxy.Host.Requests;

/// <summary>The path of a request's target as llama-server reads it. Targets are forwarded as the client wrote them, so what counts is not
/// what this web server makes of them. Measured with build 11669: a fragment is cut off, <c>%2F</c> is a slash, and <c>%u0065</c> an e.
/// </summary>
internal static class TargetPath
{
    public static string Of(string target)
    {
        var end = target.AsSpan().IndexOfAny('?', '#');
        var path = end < 0 ? target : target[..end];
        return path.Contains('%', StringComparison.Ordinal) ? Decode(path) : path;
    }

    private static string Decode(string path)
    {
        var bytes = new List<byte>(path.Length);
        for (var at = 0; at < path.Length; at++)
        {
            var rest = path.AsSpan(at + 1);
            if (path[at] == '%' && rest is ['u', ..] && TryHex(rest[1..], 4, out var unit))
            {
                bytes.AddRange(Encoding.UTF8.GetBytes([(char)unit]));
                at += 5;
            }
            else if (path[at] == '%' && TryHex(rest, 2, out var value))
            {
                bytes.Add((byte)value);
                at += 2;
            }
            else
            {
                bytes.AddRange(Encoding.UTF8.GetBytes([path[at]]));
            }
        }

        return Encoding.UTF8.GetString([.. bytes]);
    }

    private static bool TryHex(ReadOnlySpan<char> text, int digits, out int value)
    {
        value = 0;
        return text.Length >= digits
            && int.TryParse(text[..digits], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value);
    }
}
