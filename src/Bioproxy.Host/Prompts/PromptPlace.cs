using System.Text;

namespace Bioproxy.Host.Prompts;

/// <summary>Where two prompts differ, as seen in one of them: the section (a role, a text, or another member) that holds the last byte
/// which both have, and its message. Up to there both are alike, so both have the same section.</summary>
internal readonly ref struct PromptPlace
{
    private PromptPlace(ReadOnlySpan<byte> part, ReadOnlySpan<byte> message, int offset)
    {
        Part = part;
        Message = message;
        Offset = offset;
    }

    /// <summary>The message's number, from 1.</summary>
    public int Number { get; private init; }

    public string Role { get; private init; } = "";

    /// <summary>No message before it is anything but a system message.</summary>
    public bool IsLeading { get; private init; }

    /// <summary>The mark of the section.</summary>
    public byte Mark { get; private init; }

    /// <summary>The name of the member whose value this is; null for a role or a part of the content.</summary>
    public string? Member { get; private init; }

    /// <summary>The section, without its mark.</summary>
    public ReadOnlySpan<byte> Part { get; }

    /// <summary>The whole message with its marks.</summary>
    public ReadOnlySpan<byte> Message { get; }

    /// <summary>Where in the section the difference is; its length when the section ends there.</summary>
    public int Offset { get; }

    public bool IsSystem => Role is "system" or "developer";

    /// <summary>The line of the difference, from 1; null where the section is not a text of several lines.</summary>
    public int? Line => Mark == CanonicalPrompt.TextMark && Part.Contains((byte)'\n') ? Part[..Offset].Count((byte)'\n') + 1 : null;

    /// <summary>The place in words.</summary>
    public string Words => Mark switch
    {
        CanonicalPrompt.TextMark => $"message {Number} ({Role}), its text{(Line is { } line ? $", line {line}" : "")}",
        CanonicalPrompt.OtherMark when Member is { } name => $"message {Number} ({Role}), {name}",
        CanonicalPrompt.OtherMark => $"message {Number} ({Role}), a part that is not text",
        CanonicalPrompt.ContentMark => $"message {Number} ({Role}), its content",
        _ => $"message {Number} ({Role}), its role",
    };

    /// <param name="prompt">The prompt.</param>
    /// <param name="position">The first byte of its text in which it differs, behind the head.</param>
    public static PromptPlace At(CanonicalPrompt prompt, int position)
    {
        var text = prompt.Text;
        var start = prompt.HeadLength;
        if (text.Length <= start)
            return new PromptPlace([], [], 0);
        var at = Math.Clamp(position - 1, start, text.Length - 1);
        var known = text[start..(at + 1)];
        var partStart = start + Math.Max(0, known.LastIndexOfAnyInRange(CanonicalPrompt.OtherMark, (byte)0xFF));
        var messageStart = start + Math.Max(0, known.LastIndexOf(CanonicalPrompt.MessageMark));
        var part = UpTo(text[(partStart + 1)..], anyMark: true);
        var message = UpTo(text[(messageStart + 1)..], anyMark: false);
        var roleEnd = message.IndexOf(CanonicalPrompt.ContentMark);
        return new PromptPlace(part, message, Math.Clamp(position - partStart - 1, 0, part.Length))
        {
            Number = known.Count(CanonicalPrompt.MessageMark),
            Role = roleEnd > 0 ? Encoding.UTF8.GetString(message[..roleEnd]) : "unknown role",
            IsLeading = messageStart < prompt.BodyStart,
            Mark = text[partStart],
            Member = MemberAt(message, partStart - messageStart - 1),
        };
    }

    private static ReadOnlySpan<byte> UpTo(ReadOnlySpan<byte> text, bool anyMark)
    {
        var end = anyMark ? text.IndexOfAnyInRange(CanonicalPrompt.OtherMark, (byte)0xFF) : text.IndexOf(CanonicalPrompt.MessageMark);
        return end < 0 ? text : text[..end];
    }

    /// <summary>Members follow the content in pairs of name and value; a part of the content that is not a text is an object.</summary>
    private static string? MemberAt(ReadOnlySpan<byte> message, int position)
    {
        string? name = null;
        for (var at = message.IndexOf(CanonicalPrompt.OtherMark); at >= 0;)
        {
            var section = UpTo(message[(at + 1)..], anyMark: true);
            var isName = name is null && section is [(byte)'"', ..];
            if (isName)
                name = Encoding.UTF8.GetString(section.Trim((byte)'"'));
            if (at >= position)
                return name;
            if (!isName)
                name = null;
            var next = message[(at + 1)..].IndexOf(CanonicalPrompt.OtherMark);
            at = next < 0 ? -1 : at + 1 + next;
        }

        return null;
    }
}
