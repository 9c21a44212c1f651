using System.Buffers;
using System.Text;
using Bioproxy.Abstractions;
using Bioproxy.Host.Json;

namespace Bioproxy.Host.Prompts;

/// <content>How the canonical text is written.</content>
internal sealed partial class CanonicalPrompt
{
    /// <summary>The names of all members of the head, and two markers for each.</summary>
    private static readonly int LongestHeadNames = HeadMember.Names.Sum(static name => name.Length + 2);

    /// <summary>How Open WebUI's tasks begin.</summary>
    private static ReadOnlySpan<byte> TaskOpening => "### Task:"u8;

    /// <summary>Builds the canonical text of a prompt with the edits made so far.</summary>
    public static CanonicalPrompt Build(EditablePrompt prompt, string? domain = null, string? session = null, bool canPin = true)
    {
        var source = prompt.Source;
        var body = source.Body.Span;
        var rendered = prompt.Rendered;
        var buffer = ArrayPool<byte>.Shared.Rent(SizeLimit(prompt) + rendered.AddedLength);
        var at = 0;
        // Rendered by the same template.
        buffer[at++] = (byte)(source.Endpoint == PromptEndpoint.Responses ? PromptEndpoint.Chat : source.Endpoint);
        at += WriteHead(prompt, buffer.AsSpan(at));
        var head = at;
        var system = WriteSystem(prompt, buffer.AsSpan(at));
        at += system;
        var turns = 1;
        var (bodyStart, firstEnd) = (0, 0);
        var (userTurns, isTask) = (0, false);
        for (var m = 0; m < source.Messages.Count; m++)
        {
            var message = source.Messages[m];
            turns += message.Role == "assistant" ? 1 : 0;
            if (bodyStart > 0 && firstEnd == 0)
                firstEnd = at;
            else if (bodyStart == 0 && message.Role is not ("system" or "developer"))
                bodyStart = at;
            var contentStart = at + 3 + message.Role.Length;
            buffer[at++] = MessageMark;
            at += Encoding.UTF8.GetBytes(rendered.RoleOf(m), buffer.AsSpan(at));
            buffer[at++] = ContentMark;
            for (var p = 0; p < message.Parts.Count; p++)
            {
                var range = message.Parts[p];
                var part = prompt.Context.Messages[m].Parts[p];
                buffer[at++] = range.IsText ? TextMark : OtherMark;
                at += range.IsText
                    ? WriteText(part, range.Range.Of(body), buffer.AsSpan(at))
                    : Copy(rendered.Of(range.Range), buffer.AsSpan(at));
            }

            for (var p = message.Parts.Count; p < prompt.Context.Messages[m].Parts.Count; p++) // what plugins added
            {
                buffer[at++] = TextMark;
                at += Encoding.UTF8.GetBytes(prompt.Context.Messages[m].Parts[p].Text!, buffer.AsSpan(at));
            }

            if (message.Role == "user" && !message.Parts.Any(static part => part.Type == "tool_result"))
            {
                userTurns++;
                isTask = at > contentStart && buffer.AsSpan(contentStart, at - contentStart).StartsWith(TaskOpening);
            }

            foreach (var (name, value) in message.Others)
            {
                buffer[at++] = OtherMark;
                at += Copy(name.Of(body), buffer.AsSpan(at));
                buffer[at++] = OtherMark;
                at += Copy(rendered.Of(value), buffer.AsSpan(at));
            }

            if (rendered.AddedTo(m) is { Length: > 0 } added)
            {
                buffer[at++] = OtherMark;
                at += Copy(added, buffer.AsSpan(at));
            }
        }

        return new CanonicalPrompt(buffer, at)
        {
            Domain = domain,
            Session = session,
            Turns = turns,
            Shape = new RequestShape
            {
                Messages = source.Messages.Count,
                UserTurns = userTurns,
                HasAnswers = turns > 1,
                Tools = source.Tools,
                MaxTokens = source.MaxTokens,
                HasSchema = source.HasSchema,
                IsTask = isTask && userTurns == 1,
                Bytes = at,
            },
            BodyStart = bodyStart > 0 ? bodyStart : at,
            FirstMessageEnd = firstEnd > 0 ? firstEnd : at,
            HeadLength = head,
            HasSystemMember = system > 0,
            CanPin = canPin,
            HeadNames = prompt.Context.ReplacedMembers.Count == 0 && SystemMember.NameOf(source.Endpoint) is null
                ? source.HeadMembers
                : [.. HeadOf(prompt).Select(static member => member.Name)],
        };
    }

    private static int SizeLimit(EditablePrompt prompt)
    {
        var size = prompt.Source.Body.Length + 64 + LongestHeadNames;
        foreach (var message in prompt.Context.Messages)
        {
            size += 8 + (3 * message.Role.Length);
            foreach (var part in message.Parts)
                size += 2 + (part.IsEdited ? Encoding.UTF8.GetByteCount(part.Text!) : 0);
        }

        foreach (var message in prompt.Source.Messages)
            size += 2 * message.Others.Count;
        foreach (var (_, value) in prompt.Context.ReplacedMembers)
            size += value.Length;
        return size;
    }

    /// <summary>What is rendered before the messages and is no message itself.</summary>
    private static IEnumerable<(string Name, ReadOnlyMemory<byte> Value)> HeadOf(EditablePrompt prompt)
    {
        var head = prompt.Source.HeadWith(prompt.Context.ReplacedMembers);
        return SystemMember.NameOf(prompt.Source.Endpoint) is { } system ? head.Where(member => member.Name != system) : head;
    }

    /// <summary>Writes the system member like the system message that it becomes: two prompts whose system texts share a prefix share
    /// it.</summary>
    private static int WriteSystem(EditablePrompt prompt, Span<byte> destination)
    {
        if (SystemMember.NameOf(prompt.Source.Endpoint) is not { } name)
            return 0;
        foreach (var member in prompt.Source.HeadWith(prompt.Context.ReplacedMembers))
        {
            if (member.Name == name)
                return WriteSystem(member.Value.Span, destination);
        }

        return 0;
    }

    private static int WriteSystem(ReadOnlySpan<byte> value, Span<byte> destination)
    {
        var at = 0;
        destination[at++] = MessageMark;
        at += Copy("system"u8, destination[at..]);
        destination[at++] = ContentMark;
        foreach (var part in SystemMember.PartsOf(value))
            at += WriteToken(part.Of(value), destination[at..]);
        return at;
    }

    /// <summary>Writes a string as text, and any other value as it is.</summary>
    private static int WriteToken(ReadOnlySpan<byte> token, Span<byte> destination)
    {
        var written = token[0] == '"' ? JsonText.Unescape(token, destination[1..]) : -1;
        destination[0] = written >= 0 ? TextMark : OtherMark;
        return 1 + (written >= 0 ? written : Copy(token, destination[1..]));
    }

    private static int WriteText(PromptPart part, ReadOnlySpan<byte> token, Span<byte> destination)
    {
        if (part.IsEdited)
            return Encoding.UTF8.GetBytes(part.Text, destination);
        var written = JsonText.Unescape(token, destination);
        return written >= 0 ? written : Copy(token, destination);
    }

    private static int Copy(ReadOnlySpan<byte> bytes, Span<byte> destination)
    {
        bytes.CopyTo(destination);
        return bytes.Length;
    }

    private static int WriteHead(EditablePrompt prompt, Span<byte> destination)
    {
        var at = 0;
        foreach (var (name, value) in HeadOf(prompt))
        {
            at += Encoding.ASCII.GetBytes(name, destination[at..]);
            destination[at++] = OtherMark;
            at += Copy(CacheControl.Without(value.Span), destination[at..]);
            destination[at++] = OtherMark;
        }

        return at;
    }
}
