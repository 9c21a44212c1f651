namespace Bioproxy.PrefixStabiliser;

/// <summary>The block at the end of a user's message that holds what was moved there.</summary>
internal static class MovedBlock
{
    private const string Start = "<current_context>\n";
    private const string End = "\n</current_context>";
    private const string Gap = "\n\n";

    /// <summary>
    /// The length of a text before its block; the whole length without one. Lines in a block have been moved already and are not examined
    /// again.
    /// </summary>
    public static int LengthBefore(string text)
    {
        if (!text.EndsWith(End, StringComparison.Ordinal))
            return text.Length;
        var start = text.LastIndexOf(Start, StringComparison.Ordinal);
        if (start < 0)
            return text.Length;
        return text.AsSpan(0, start).EndsWith(Gap) ? start - Gap.Length : start == 0 ? 0 : text.Length;
    }

    /// <summary>A text with these lines in its block, each once.</summary>
    public static string Append(string text, IEnumerable<string> lines)
    {
        var added = string.Join('\n', lines.Distinct(StringComparer.Ordinal));
        if (LengthBefore(text) < text.Length)
            return $"{text[..^End.Length]}\n{added}{End}";
        return $"{text}{(text.Length > 0 ? Gap : string.Empty)}{Start}{added}{End}";
    }
}
