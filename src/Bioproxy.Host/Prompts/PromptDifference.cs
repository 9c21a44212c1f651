using System.Globalization;
using System.Text;

namespace Bioproxy.Host.Prompts;

/// <summary>Where a prompt stops being like another one.</summary>
/// <param name="Position">Bytes of canonical text before the first difference.</param>
/// <param name="Where">The member it lies in, in words.</param>
/// <param name="Excerpt">Some words from there on; null where excerpts are not wanted.</param>
internal sealed record PromptDifference(int Position, string Where, string? Excerpt)
{
    private const int ExcerptBytes = 60;

    public static PromptDifference Between(CanonicalPrompt prompt, CanonicalPrompt other, bool withExcerpt)
    {
        var position = prompt.Text.CommonPrefixLength(other.Text);
        var where = position < Math.Max(prompt.HeadLength, other.HeadLength)
            ? Head(prompt, other)
            : WhereIs(prompt.Text, prompt.HeadLength, Math.Min(position, prompt.Text.Length - 1));
        return new PromptDifference(
            position,
            position == prompt.Text.Length ? "nowhere: the other one only goes on" : where,
            withExcerpt ? ExcerptOf(prompt, position) : null);
    }

    private static string Head(CanonicalPrompt prompt, CanonicalPrompt other)
    {
        var names = prompt.HeadNames.Except(other.HeadNames, StringComparer.Ordinal)
            .Concat(other.HeadNames.Except(prompt.HeadNames, StringComparer.Ordinal)).ToList();
        return names.Count > 0
            ? $"before the messages: only one of them has {string.Join(", ", names)}"
            : prompt.HeadNames.Count > 0
                ? $"before the messages: in {string.Join(" or ", prompt.HeadNames)}"
                : "before the messages: another kind of endpoint";
    }

    private static string WhereIs(ReadOnlySpan<byte> text, int start, int position)
    {
        var head = text[start..Math.Max(start, Math.Min(position + 1, text.Length))];
        var number = head.Count(CanonicalPrompt.MessageMark);
        var rest = text[(start + Math.Max(0, head.LastIndexOf(CanonicalPrompt.MessageMark)))..];
        var roleEnd = rest.IndexOf(CanonicalPrompt.ContentMark);
        var role = roleEnd > 1 ? Encoding.UTF8.GetString(rest[1..roleEnd]) : "unknown role";
        var kind = head.LastIndexOfAny(CanonicalPrompt.TextMark, CanonicalPrompt.OtherMark, CanonicalPrompt.MessageMark) is var at and >= 0
            ? head[at]
            : (byte)0;
        var member = kind switch
        {
            CanonicalPrompt.TextMark => "its text",
            CanonicalPrompt.OtherMark => "a part or member that is no text",
            _ => "its role",
        };
        return string.Create(CultureInfo.InvariantCulture, $"message {number} ({role}), {member}");
    }

    /// <summary>Markers are no UTF-8 and show as replacement characters, which are left out.</summary>
    private static string ExcerptOf(CanonicalPrompt prompt, int position) => position == 0
        ? "" // the kind of endpoint
        : Encoding.UTF8.GetString(prompt.Text[position..Math.Min(prompt.Text.Length, position + ExcerptBytes)])
            .Replace("\uFFFD", " ", StringComparison.Ordinal);
}
