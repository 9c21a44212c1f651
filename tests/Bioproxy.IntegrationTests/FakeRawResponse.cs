using System.Globalization;
using System.Text;

namespace Bioproxy.IntegrationTests;

/// <summary>What came over a connection until its end.</summary>
/// <param name="Status">0 when there was not even a status line.</param>
/// <param name="Headers">In their order.</param>
/// <param name="Body">Without the framing of chunks.</param>
/// <param name="IsWhole">The framing says that the body came to its end.</param>
internal sealed record FakeRawResponse(int Status, IReadOnlyList<KeyValuePair<string, string>> Headers, byte[] Body, bool IsWhole)
{
    public string Text => Encoding.UTF8.GetString(Body);

    public IReadOnlyList<string> Values(string name) =>
        [.. Headers.Where(h => h.Key.Equals(name, StringComparison.OrdinalIgnoreCase)).Select(h => h.Value)];

    public static FakeRawResponse Parse(byte[] bytes, bool isReset, bool isHead)
    {
        var end = bytes.AsSpan().IndexOf("\r\n\r\n"u8);
        if (end < 0)
            return new(0, [], [], false);
        var lines = Encoding.Latin1.GetString(bytes, 0, end).Split("\r\n");
        var headers = lines[1..].Select(
            line => new KeyValuePair<string, string>(line[..line.IndexOf(':')], line[(line.IndexOf(':') + 1)..].Trim())).ToList();
        var status = int.Parse(lines[0].Split(' ')[1], CultureInfo.InvariantCulture);
        var rest = bytes.AsSpan(end + 4);
        var parsed = new FakeRawResponse(status, headers, [], false);
        if (isHead || status is 204 or 304)
            return parsed with { Body = rest.ToArray(), IsWhole = rest.IsEmpty };
        if (parsed.Values("Content-Length") is [var length])
            return parsed with { Body = rest.ToArray(), IsWhole = rest.Length == long.Parse(length, CultureInfo.InvariantCulture) };
        if (parsed.Values("Transfer-Encoding") is not ["chunked"])
            return parsed with { Body = rest.ToArray(), IsWhole = !isReset };
        var body = new MemoryStream();
        while (rest.IndexOf("\r\n"u8) is var line and > 0)
        {
            var size = int.Parse(Encoding.ASCII.GetString(rest[..line]), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
            if (size == 0)
                return parsed with { Body = body.ToArray(), IsWhole = rest[line..].EndsWith("\r\n\r\n"u8) };
            rest = rest[(line + 2)..];
            if (rest.Length < size + 2)
                break;
            body.Write(rest[..size]);
            rest = rest[(size + 2)..];
        }

        return parsed with { Body = body.ToArray() };
    }
}
