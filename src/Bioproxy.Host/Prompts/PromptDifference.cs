using System.Text;

namespace Bioproxy.Host.Prompts;

/// <summary>Where a prompt stops being like an earlier one.</summary>
/// <param name="Position">Bytes of canonical text before the first difference.</param>
/// <param name="Where">The message and the member it lies in, in words.</param>
/// <param name="Excerpt">Some words from there on; null where excerpts are not wanted.</param>
internal sealed record PromptDifference(int Position, string Where, string? Excerpt)
{
    private const int ExcerptBytes = 60;

    /// <summary>What the earlier one had there; null where excerpts are not wanted.</summary>
    public string? Was { get; init; }

    /// <summary>The line of the text, from 1; null where it is not a text of several lines.</summary>
    public int? Line { get; init; }

    /// <summary>The role of the message; empty before the messages.</summary>
    public string Role { get; init; } = "";

    public MissCause Cause { get; init; }

    /// <summary>It lies behind the first user message.</summary>
    public bool IsLater { get; init; }

    /// <summary>The prefix stabiliser's rule that would have mended it; null when there is none.</summary>
    public string? Rule => MissCauses.RuleOf(Cause, Role, IsLater);

    /// <summary>Bytes of the earlier prompt that could have been reused without this difference.</summary>
    public int Mendable { get; init; }

    public static PromptDifference Between(CanonicalPrompt prompt, CanonicalPrompt other, bool withExcerpt)
    {
        var position = prompt.Text.CommonPrefixLength(other.Text);
        if (position < Math.Max(prompt.HeadLength, other.HeadLength))
            return HeadDifference.Between(prompt, other, position, withExcerpt);
        var mine = PromptPlace.At(prompt, position);
        var isWithin = position == prompt.Text.Length;
        var goesOn = position == other.Text.Length;
        return new PromptDifference(
            position,
            isWithin ? "nowhere: the earlier prompt begins with all of this one"
                : goesOn ? "nowhere: this prompt begins with all of the earlier one" : mine.Words,
            withExcerpt ? ExcerptOf(prompt.Text[position..]) : null)
        {
            Was = withExcerpt ? ExcerptOf(other.Text[position..]) : null,
            Line = isWithin || goesOn ? null : mine.Line,
            Role = mine.Role,
            IsLater = position > prompt.FirstMessageEnd,
            Cause = isWithin || goesOn ? MissCause.Other : DifferenceCause.Of(mine, PromptPlace.At(other, position)),
            Mendable = position + TextAlignment.Repeated(prompt.Text[position..], other.Text[position..]),
        };
    }

    /// <summary>Bytes of the earlier prompt that the prompt begins with. Prompts with another head share nothing.</summary>
    public static int SharedBytes(CanonicalPrompt prompt, CanonicalPrompt other) =>
        prompt.Text.CommonPrefixLength(other.Text) is var position && position >= Math.Max(prompt.HeadLength, other.HeadLength)
            ? position
            : 0;

    /// <summary>Markers are not UTF-8; they are shown as spaces.</summary>
    public static string ExcerptOf(ReadOnlySpan<byte> text) =>
        Encoding.UTF8.GetString(text[..Math.Min(text.Length, ExcerptBytes)]).Replace("\uFFFD", " ", StringComparison.Ordinal);
}
