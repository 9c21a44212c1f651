using System.Buffers;
using System.Text;
using System.Text.RegularExpressions;
using Bioproxy.Host.Json;

namespace Bioproxy.Host.Prompts;

/// <summary>Classifies the first difference between a prompt and an earlier one. A pure function of the two texts.</summary>
internal static partial class DifferenceCause
{
    /// <summary>Characters of a line, and of what precedes it, that are considered.</summary>
    private const int Most = 1500;

    private static readonly SearchValues<byte> Blank = SearchValues.Create(" \t\r\n"u8);

    /// <param name="mine">The place in the prompt.</param>
    /// <param name="other">The same place in the earlier one.</param>
    public static MissCause Of(in PromptPlace mine, in PromptPlace other)
    {
        if (mine.IsSystem != other.IsSystem)
            return mine.Number == 1 ? MissCause.SystemText : MissCause.MidSystem;
        if (mine.Role != other.Role)
            return MissCause.EditedMessage;
        if (mine is { Role: "assistant" } && HasReasoning(mine.Message) != HasReasoning(other.Message))
            return MissCause.Reasoning;
        if (mine.Mark == CanonicalPrompt.OtherMark && AreEqualJson(mine.Part, other.Part))
            return MissCause.ToolArguments;
        if (AreEqualWithoutBlanks(mine.Message, other.Message))
            return MissCause.WhiteSpace;
        if (mine.Mark == CanonicalPrompt.OtherMark || mine is { Role: "assistant" })
            return MissCause.EditedMessage;
        var otherwise = !mine.IsSystem ? MissCause.EditedMessage : mine.IsLeading ? MissCause.SystemText : MissCause.MidSystem;
        return HaveEqualRest(mine.Message, other.Message)
            ? MissCause.SystemReminder
            : OfText(mine.Part, other.Part, mine.Offset, otherwise);
    }

    /// <param name="text">The text.</param>
    /// <param name="other">The earlier one.</param>
    /// <param name="at">Where they begin to differ.</param>
    /// <param name="otherwise">When nothing more is recognised.</param>
    public static MissCause OfText(ReadOnlySpan<byte> text, ReadOnlySpan<byte> other, int at, MissCause otherwise)
    {
        var (line, was) = (LineAt(text, at), LineAt(other, at));
        if (line.Contains("x-anthropic-billing-header", StringComparison.OrdinalIgnoreCase)
            || was.Contains("x-anthropic-billing-header", StringComparison.OrdinalIgnoreCase))
            return MissCause.BillingHeader;
        if (AreEqualWithoutBlanks(text, other))
            return MissCause.WhiteSpace;
        if (line == was)
            return otherwise; // one of them ends here
        (line, was) = (WithoutDates(line), WithoutDates(was));
        if (line == was)
            return MissCause.CurrentDate;
        (line, was) = (Time().Replace(line, "@"), Time().Replace(was, "@"));
        if (line == was)
            return MissCause.CurrentTime;
        var before = Encoding.UTF8.GetString(text[Math.Max(0, at - Most)..at]);
        if (Git().IsMatch(before) || Git().IsMatch(line) || Git().IsMatch(was))
            return MissCause.GitStatus;
        if (Listing().IsMatch(before) || Listing().IsMatch(line) || Listing().IsMatch(was))
            return MissCause.DirectoryListing;
        return Number().Replace(line, "#") != Number().Replace(was, "#") ? otherwise
            : Nonce().IsMatch(line) ? MissCause.Nonce
            : TurnsLeft().IsMatch(line) ? MissCause.TurnsLeft
            : TokenUsage().IsMatch(line) ? MissCause.TokenUsage
            : Cost().IsMatch(line) ? MissCause.Cost
            : MissCause.Counter;
    }

    /// <summary>The line at a position; the rest of the text behind it plays no part.</summary>
    private static string LineAt(ReadOnlySpan<byte> text, int at)
    {
        at = Math.Min(at, text.Length);
        var start = Math.Max(text[..at].LastIndexOf((byte)'\n') + 1, at - Most);
        var end = text[at..].IndexOf((byte)'\n');
        return Encoding.UTF8.GetString(text[start..(end < 0 ? Math.Min(text.Length, at + Most) : at + Math.Min(end, Most))]);
    }

    /// <summary>Each date becomes one sign, whatever it is written like.</summary>
    private static string WithoutDates(string line) => AroundDay().Replace(Day().Replace(NumericDate().Replace(line, "§"), "§"), "§");

    private static bool AreEqualWithoutBlanks(ReadOnlySpan<byte> one, ReadOnlySpan<byte> other)
    {
        while (true)
        {
            var shared = one.CommonPrefixLength(other);
            one = one[shared..];
            other = other[shared..];
            var (mine, others) = (one.IndexOfAnyExcept(Blank), other.IndexOfAnyExcept(Blank));
            if (mine < 0 || others < 0)
                return mine < 0 && others < 0;
            if (mine == 0 && others == 0)
                return false;
            one = one[mine..];
            other = other[others..];
        }
    }

    private static bool HasReasoning(ReadOnlySpan<byte> message) =>
        message.IndexOf("\"reasoning"u8) >= 0 || message.IndexOf("<think>"u8) >= 0 || message.IndexOf("\"thinking"u8) >= 0;

    /// <summary>Whether two messages are alike but for their system reminders, of which at least one has any.</summary>
    private static bool HaveEqualRest(ReadOnlySpan<byte> one, ReadOnlySpan<byte> other)
    {
        if (one.IndexOf("<system-reminder>"u8) < 0 && other.IndexOf("<system-reminder>"u8) < 0)
            return false;
        return Rest(one) == Rest(other);

        static string Rest(ReadOnlySpan<byte> message) =>
            Blanks().Replace(Reminder().Replace(Encoding.Latin1.GetString(message), ""), "");
    }

    /// <summary>Whether two values mean the same; strings that hold JSON (arguments) are compared as what they hold.</summary>
    private static bool AreEqualJson(ReadOnlySpan<byte> one, ReadOnlySpan<byte> other) =>
        JsonCanon.OfText(Encoding.UTF8.GetString(one)) is { } mine && mine == JsonCanon.OfText(Encoding.UTF8.GetString(other));

    [GeneratedRegex(@"\d{4}[-/.年]\s?\d{1,2}[-/.月]\s?\d{1,2}日?|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}")]
    private static partial Regex NumericDate();

    [GeneratedRegex(
        @"\b(?:Mon|Tues?|Wed(?:nes)?|Thu(?:rs)?|Fri|Sat(?:ur)?|Sun)(?:day)?\b"
        + @"|\b(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?"
        + @"|Aug(?:ust)?|Sep(?:t(?:ember)?)?|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)\b")]
    private static partial Regex Day();

    [GeneratedRegex(@"(?:\d{1,4}(?:st|nd|rd|th)?[\s,.]+)*§(?:[\s,.]*(?:§|\d{1,4}(?:st|nd|rd|th)?(?![\d:])))*")]
    private static partial Regex AroundDay();

    [GeneratedRegex(
        @"[T\s]?\d{1,2}:\d{2}(?::\d{2})?(?:[.,]\d+)?\s?(?:[AaPp]\.?[Mm]\.?)?\s?(?:Z|[+-]\d{2}:?\d{2}|UTC|GMT)?|\b1[5-9]\d{8}(?:\d{3})?\b")]
    private static partial Regex Time();

    [GeneratedRegex(@"\b[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b|\b[0-9a-f]{7,40}\b|\d+(?:[.,]\d+)*")]
    private static partial Regex Number();

    [GeneratedRegex(@"\b(?:nonce|(?:request|session|conversation|trace|message|correlation)[ _-]?id)\b", RegexOptions.IgnoreCase)]
    private static partial Regex Nonce();

    [GeneratedRegex(
        @"\b(?:turns?|steps?|iterations?|messages?|requests?|attempts?|calls?|tokens?) (?:left|remaining)\b", RegexOptions.IgnoreCase)]
    private static partial Regex TurnsLeft();

    [GeneratedRegex(@"\b(?:token|context)[ _-]?(?:usage|used|budget|window)\b|\btokens used\b", RegexOptions.IgnoreCase)]
    private static partial Regex TokenUsage();

    [GeneratedRegex(@"\bcosts?\b|\$[0-9]", RegexOptions.IgnoreCase)]
    private static partial Regex Cost();

    [GeneratedRegex("git ?status|current branch|main branch|recent commits|untracked files|working tree", RegexOptions.IgnoreCase)]
    private static partial Regex Git();

    [GeneratedRegex("[├└│]|(?:folder|directory) (?:structure|listing)|<files>|<file_?tree>", RegexOptions.IgnoreCase)]
    private static partial Regex Listing();

    [GeneratedRegex("<system-reminder>.*?</system-reminder>", RegexOptions.Singleline)]
    private static partial Regex Reminder();

    /// <summary>White space, and marks.</summary>
    [GeneratedRegex(@"[\s\u00FC-\u00FF]+")]
    private static partial Regex Blanks();
}
