namespace Bioproxy.Host.Prompts;

/// <summary>Which part of a prompt a position of its canonical text lies in.</summary>
/// <param name="Message">The message, a system member of the body being the first one.</param>
/// <param name="Part">The part of its content.</param>
/// <param name="Start">Where the part's text begins in the canonical text.</param>
internal readonly record struct CanonicalPlace(int Message, int Part, int Start)
{
    /// <returns>Null where the position lies in no text of a message.</returns>
    public static CanonicalPlace? Of(CanonicalPrompt prompt, int position)
    {
        if (position <= prompt.HeadLength)
            return null;
        var before = prompt.Text[prompt.HeadLength..position];
        var message = before.LastIndexOf(CanonicalPrompt.MessageMark);
        var content = before[Math.Max(0, message)..].IndexOf(CanonicalPrompt.ContentMark);
        if (message < 0 || content < 0)
            return null;
        var parts = before[(message + content)..];
        var part = parts.LastIndexOfAny(CanonicalPrompt.TextMark, CanonicalPrompt.OtherMark);
        if (part < 0 || parts[part] != CanonicalPrompt.TextMark)
            return null;
        var number = parts[..part].Count(CanonicalPrompt.TextMark) + parts[..part].Count(CanonicalPrompt.OtherMark);
        return new(before.Count(CanonicalPrompt.MessageMark) - 1, number, prompt.HeadLength + message + content + part + 1);
    }
}
