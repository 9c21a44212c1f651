using System.Text;

namespace Bioproxy.PrefixStabiliser;

/// <summary>
/// A text without the white space that clients lose or add on the way: at its two ends, at the ends of its lines, and the kind of line end.
/// Indentation and empty lines stay: they may have been edited on purpose.
/// </summary>
internal static class Trimmed
{
    public static string Of(string text)
    {
        var trimmed = text.AsSpan().Trim();
        if (trimmed.Length == text.Length && !HasLooseLineEnds(trimmed))
            return text;
        var result = new StringBuilder(trimmed.Length);
        foreach (var line in trimmed.EnumerateLines())
            result.Append(line.TrimEnd(" \t")).Append('\n');
        result.Length--;
        return result.ToString();
    }

    private static bool HasLooseLineEnds(ReadOnlySpan<char> text)
    {
        for (var at = text.IndexOfAny('\n', '\r'); at >= 0;)
        {
            if (text[at] == '\r' || (at > 0 && text[at - 1] is ' ' or '\t'))
                return true;
            var next = text[(at + 1)..].IndexOfAny('\n', '\r');
            at = next < 0 ? -1 : at + 1 + next;
        }

        return false;
    }
}
