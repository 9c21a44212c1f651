using System.Buffers;
using System.Text;
using Bioproxy.Abstractions;
using Bioproxy.Host.Json;

namespace Bioproxy.Host.Prompts;

/// <summary>
/// A prompt's canonical text and its chain: what the backend's rendering depends on, in the order it is rendered, so that two
/// prompts whose canonical texts share a beginning are rendered with a shared beginning. JSON escapes are resolved, a string
/// and a list with one text part are the same, and a conversation's next turn begins with the whole of its last one.
/// Markers are bytes that occur in no UTF-8 text. The text lives in a pooled buffer until disposal; the chain outlives it.
/// </summary>
internal sealed class CanonicalPrompt : IDisposable
{
    public const byte MessageMark = 0xFF;
    public const byte ContentMark = 0xFE;
    public const byte TextMark = 0xFD;
    public const byte OtherMark = 0xFC;

    /// <summary>The names of all members of the head, and two markers for each.</summary>
    private static readonly int LongestHeadNames = HeadMember.Names.Sum(static name => name.Length + 2);

    private byte[]? _buffer;
    private readonly int _length;
    private ulong? _opening;
    private ulong? _firstMessage;

    /// <summary>How Open WebUI's tasks begin.</summary>
    private static ReadOnlySpan<byte> TaskOpening => "### Task:"u8;

    private CanonicalPrompt(byte[] buffer, int length, PromptChain? chain = null)
    {
        _buffer = buffer;
        _length = length;
        Chain = chain ?? PromptChain.Of(Text);
    }

    public PromptChain Chain { get; }

    /// <summary>The form of its text; that of the Responses API is the same as that of chats.</summary>
    public PromptEndpoint Endpoint => (PromptEndpoint)Text[0];

    /// <summary>The length of what comes before the messages: the kind of endpoint, and the members that change how they are rendered.
    /// Where in the prompt the backend puts these is not known, so prompts that differ there share nothing.</summary>
    public int HeadLength { get; private init; } = 1;

    /// <summary>Its first message is a member of the body beside the messages.</summary>
    public bool HasSystemMember { get; private init; }

    /// <summary>Whose prompt it is; null where nobody is told apart.</summary>
    public string? Domain { get; init; }

    /// <summary>The members that are rendered before the messages.</summary>
    public IReadOnlyList<string> HeadNames { get; init; } = [];

    /// <summary>Turns of the conversation: one more than it holds answers.</summary>
    public int Turns { get; init; } = 1;

    /// <summary>What the client calls the conversation; null when it does not.</summary>
    public string? Session { get; init; }

    /// <summary>Other conversations may have the same name: some programs send one <c>prompt_cache_key</c> with all.</summary>
    public bool IsSessionShared { get; set; }

    public RequestShape Shape { get; init; }

    /// <summary>Where the first message begins that is not a system message.</summary>
    public int BodyStart { get; private init; } = 1;

    /// <summary>Set when the request has been compared with earlier ones.</summary>
    public SideKind Side { get; set; }

    /// <summary>A side request of a kind that repeats its earlier ones.</summary>
    public bool IsRepeated { get; set; }

    /// <summary>Tokens of the prompt; 0 until the backend has reported them.</summary>
    public int Tokens { get; set; }

    /// <summary>Where the first message ends that is not a system message.</summary>
    public int FirstMessageEnd { get; private init; } = 1;

    /// <summary>A checksum of the system messages and all that is rendered before them; 0 when there is neither. It tells openings apart,
    /// and decides nothing about reuse.</summary>
    public ulong Opening => _opening ??= ChecksumOf(1, BodyStart);

    /// <summary>A checksum of the first message that is not a system message; 0 when there is none. As <see cref="Opening"/>.</summary>
    public ulong FirstMessage => _firstMessage ??= ChecksumOf(BodyStart, FirstMessageEnd);

    /// <summary>The backend takes the slot that it is told. Where it does not, it takes the one that shares most with the prompt.</summary>
    public bool CanPin { get; init; } = true;

    /// <summary>The canonical text; gone after disposal.</summary>
    public ReadOnlySpan<byte> Text => (_buffer ?? throw new ObjectDisposedException(nameof(CanonicalPrompt))).AsSpan(0, _length);

    /// <summary>For texts that are canonical already (the common beginning of several).</summary>
    public static CanonicalPrompt Copy(ReadOnlySpan<byte> text, string? domain = null)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(Math.Max(1, text.Length));
        text.CopyTo(buffer);
        return new CanonicalPrompt(buffer, text.Length) { Domain = domain };
    }

    /// <summary>Takes over a text that another proxy built: its buffer, which must be from the shared pool, and its chain.</summary>
    public static CanonicalPrompt Take(byte[] pooled, int length, PromptChain chain, CanonicalMarks marks) => new(pooled, length, chain)
    {
        HeadLength = marks.Head,
        BodyStart = marks.BodyStart,
        FirstMessageEnd = marks.FirstMessageEnd,
        HasSystemMember = marks.HasSystemMember,
        Domain = marks.Domain,
        Session = marks.Session,
        Turns = marks.Turns,
        CanPin = marks.CanPin,
        Shape = marks.Shape with { Bytes = length },
    };

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

    /// <summary>How many bytes of this prompt's beginning are known to be the beginning of <paramref name="held"/>'s text:
    /// all of <paramref name="held"/>, or whole blocks of it.</summary>
    public int SharedWith(PromptChain held)
    {
        if (held.Length == Chain.Length && held.End == Chain.End)
            return held.Length; // the same prompt again: nothing to hash
        var low = 0;
        var high = Math.Min(Chain.BlockCount, held.BlockCount);
        if (high > 0 && Chain.After(1) != held.After(1))
            return 0; // most texts differ from the beginning
        while (low < high)
        {
            var middle = (low + high + 1) / 2;
            if (Chain.After(middle) == held.After(middle))
                low = middle;
            else
                high = middle - 1;
        }

        if (low == held.BlockCount && GoesOnWithTailOf(held))
            return held.Length;
        return low * PromptChain.BlockSize is var shared && shared > HeadLength ? shared : 0;
    }

    /// <summary>Whether all of <paramref name="held"/>'s text is a prefix of this prompt. Where it is not, which is mostly so, quicker than
    /// <see cref="SharedWith"/>.</summary>
    public bool StartsWith(PromptChain held) =>
        held.BlockCount <= Chain.BlockCount && Chain.After(held.BlockCount) == held.After(held.BlockCount) && GoesOnWithTailOf(held);

    /// <summary>Whether the bytes behind the held text's last full block follow here, too. Its full blocks must agree.</summary>
    private bool GoesOnWithTailOf(PromptChain held)
    {
        if (held.Length > _length)
            return false;
        var tail = Text[(held.BlockCount * PromptChain.BlockSize)..held.Length];
        return (held.TailCheck is not { } check || PromptChain.Check(PromptChain.NoCheck, tail) == check) // mostly spares the hash
            && ChainHash.Next(Chain.After(held.BlockCount), tail) == held.End;
    }

    public void Dispose()
    {
        if (_buffer is not { } buffer)
            return;
        _buffer = null;
        ArrayPool<byte>.Shared.Return(buffer);
    }

    private ulong ChecksumOf(int start, int end) =>
        end > start ? ((ulong)(end - start) << 32) | PromptChain.Check(PromptChain.NoCheck, Text[start..end]) : 0;

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
