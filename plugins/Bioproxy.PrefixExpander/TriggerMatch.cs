namespace Bioproxy.PrefixExpander;

/// <summary>A trigger at the beginning of what a user wrote.</summary>
/// <param name="Trigger">The trigger.</param>
/// <param name="Start">Where it stands in the text.</param>
/// <param name="MessageStart">Where the user's message begins.</param>
/// <param name="MessageEnd">Where the user's message ends.</param>
internal readonly record struct TriggerMatch(string Trigger, int Start, int MessageStart, int MessageEnd)
{
    /// <summary>What coding agents put around what their user typed (Cline, Roo Code, Cursor).</summary>
    private static readonly string[] Tags = ["task", "feedback", "user_message", "user_query", "answer"];

    /// <summary>Finds the trigger with which a text begins. White space may stand before it, a tag of <see cref="Tags"/> around it, a colon
    /// behind it, and its case may differ where that leaves one trigger only: keyboards and agents do all of that, unasked.</summary>
    /// <param name="text">The text.</param>
    /// <param name="triggers">The triggers, the longest first.</param>
    public static TriggerMatch? Find(string text, IReadOnlyList<string> triggers)
    {
        var start = SkipWhiteSpace(text, 0);
        var end = text.Length;
        if (start < text.Length && text[start] == '<' && Tag(text, start) is { } inner)
            (start, end) = inner;
        return Find(text, start, end, triggers, StringComparison.Ordinal)
            ?? Find(text, start, end, triggers, StringComparison.OrdinalIgnoreCase);
    }

    private static TriggerMatch? Find(string text, int start, int end, IReadOnlyList<string> triggers, StringComparison comparison)
    {
        foreach (var trigger in triggers)
        {
            var rest = text.AsSpan(start, end - start);
            if (rest.StartsWith(trigger, comparison) && BehindTrigger(rest[trigger.Length..]) is { } behind)
            {
                // @code and @CODE are different triggers: who writes @Code may mean either.
                return comparison == StringComparison.OrdinalIgnoreCase && triggers.Count(other => other.Equals(trigger, comparison)) > 1
                    ? null
                    : new TriggerMatch(trigger, start, SkipWhiteSpace(text, start + trigger.Length + behind, end), end);
            }
        }

        return null;
    }

    /// <summary>How much of what follows still belongs to the trigger; null when it is another word.</summary>
    private static int? BehindTrigger(ReadOnlySpan<char> rest) => rest switch
    {
        [] => 0,
        [var next, ..] when char.IsWhiteSpace(next) => 0,
        [':'] => 1,
        [':', var next, ..] when char.IsWhiteSpace(next) => 1,
        _ => null,
    };

    /// <summary>What stands within a known tag, from its first word to the white space before its end.</summary>
    private static (int Start, int End)? Tag(string text, int at)
    {
        foreach (var tag in Tags)
        {
            if (string.CompareOrdinal(text, at, $"<{tag}>", 0, tag.Length + 2) != 0)
                continue;
            var start = SkipWhiteSpace(text, at + tag.Length + 2);
            var end = text.IndexOf($"</{tag}>", start, StringComparison.Ordinal);
            if (end < 0)
                return null;
            while (end > start && char.IsWhiteSpace(text[end - 1]))
                end--;
            return (start, end);
        }

        return null;
    }

    private static int SkipWhiteSpace(string text, int at, int end = int.MaxValue)
    {
        while (at < text.Length && at < end && char.IsWhiteSpace(text[at]))
            at++;
        return at;
    }
}
