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

    /// <summary>The kind of endpoint, and a hash of all that is rendered before the messages.</summary>
    public const int HeadLength = 17;

    private byte[]? _buffer;
    private readonly int _length;

    /// <summary>How Open WebUI's tasks begin.</summary>
    private static ReadOnlySpan<byte> TaskOpening => "### Task:"u8;

    private CanonicalPrompt(byte[] buffer, int length)
    {
        _buffer = buffer;
        _length = length;
        Chain = PromptChain.Of(Text);
    }

    public PromptChain Chain { get; }

    /// <summary>Whose prompt it is; null where nobody is told apart.</summary>
    public string? Domain { get; init; }

    /// <summary>The members that are rendered before the messages.</summary>
    public IReadOnlyList<string> HeadNames { get; init; } = [];

    /// <summary>Turns of the conversation: one more than it holds answers.</summary>
    public int Turns { get; init; } = 1;

    /// <summary>What the client calls the conversation; null when it does not.</summary>
    public string? Session { get; init; }

    public RequestShape Shape { get; init; }

    /// <summary>Where the first message begins that is not a system message.</summary>
    public int BodyStart { get; init; } = HeadLength;

    /// <summary>The members that are rendered before the messages, each as name, <see cref="OtherMark"/>, value and
    /// <see cref="MessageMark"/>. Prompts with the same ones share the bytes.</summary>
    public ReadOnlyMemory<byte> Head { get; set; }

    /// <summary>Set when the request has been compared with earlier ones.</summary>
    public SideKind Side { get; set; }

    /// <summary>Tokens of the prompt; 0 until the backend has reported them.</summary>
    public int Tokens { get; set; }

    /// <summary>A checksum of the system messages and all that is rendered before them; 0 when there is neither. It tells openings apart,
    /// and decides nothing about reuse.</summary>
    public ulong Opening
    {
        get
        {
            var opening = Text[1..Math.Min(BodyStart, _length)];
            return opening.ContainsAnyExcept((byte)0) ? ((ulong)opening.Length << 32) | PromptChain.Check(PromptChain.NoCheck, opening) : 0;
        }
    }

    /// <summary>The canonical text; gone after disposal.</summary>
    public ReadOnlySpan<byte> Text => (_buffer ?? throw new ObjectDisposedException(nameof(CanonicalPrompt))).AsSpan(0, _length);

    /// <summary>For texts that are canonical already (the common beginning of several).</summary>
    public static CanonicalPrompt Copy(ReadOnlySpan<byte> text)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(Math.Max(1, text.Length));
        text.CopyTo(buffer);
        return new CanonicalPrompt(buffer, text.Length);
    }

    /// <summary>Builds the canonical text of a prompt with the edits made so far.</summary>
    public static CanonicalPrompt Build(EditablePrompt prompt, string? domain = null, string? session = null)
    {
        var source = prompt.Source;
        var body = source.Body.Span;
        var buffer = ArrayPool<byte>.Shared.Rent(SizeLimit(prompt));
        var at = 0;
        // Rendered by the same template.
        buffer[at++] = (byte)(source.Endpoint == PromptEndpoint.Responses ? PromptEndpoint.Chat : source.Endpoint);
        var head = HeadOf(prompt);
        (head.IsEmpty ? default : ChainHash.Of(head.Span)).WriteTo(buffer.AsSpan(at));
        at += 16;
        var turns = 1;
        var bodyStart = 0;
        var (userTurns, isTask) = (0, false);
        for (var m = 0; m < source.Messages.Count; m++)
        {
            var message = source.Messages[m];
            turns += message.Role == "assistant" ? 1 : 0;
            if (bodyStart == 0 && message.Role is not ("system" or "developer"))
                bodyStart = at;
            var contentStart = at + 3 + message.Role.Length;
            buffer[at++] = MessageMark;
            at += Encoding.UTF8.GetBytes(message.Role, buffer.AsSpan(at));
            buffer[at++] = ContentMark;
            for (var p = 0; p < message.Parts.Count; p++)
            {
                var range = message.Parts[p];
                var part = prompt.Context.Messages[m].Parts[p];
                buffer[at++] = range.IsText ? TextMark : OtherMark;
                at += range.IsText
                    ? WriteText(part, range.Range.Of(body), buffer.AsSpan(at))
                    : Copy(range.Range.Of(body), buffer.AsSpan(at));
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
                at += Copy(value.Of(body), buffer.AsSpan(at));
            }
        }

        return new CanonicalPrompt(buffer, at)
        {
            Domain = domain,
            Session = session,
            Turns = turns,
            Head = head,
            BodyStart = bodyStart > 0 ? bodyStart : at,
            Shape = new RequestShape
            {
                Messages = source.Messages.Count,
                UserTurns = userTurns,
                Tools = source.Tools,
                MaxTokens = source.MaxTokens,
                HasSchema = source.HasSchema,
                IsTask = isTask && userTurns == 1,
                Bytes = at,
            },
            HeadNames = prompt.Context.ReplacedMembers.Count == 0
                ? source.HeadMembers
                : [.. source.HeadWith(prompt.Context.ReplacedMembers).Select(static member => member.Name)],
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
        while (low < high)
        {
            var middle = (low + high + 1) / 2;
            if (Chain.After(middle) == held.After(middle))
                low = middle;
            else
                high = middle - 1;
        }

        return low == held.BlockCount && GoesOnWithTailOf(held) ? held.Length : low * PromptChain.BlockSize;
    }

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

    private static int SizeLimit(EditablePrompt prompt)
    {
        var size = prompt.Source.Body.Length + 64;
        foreach (var message in prompt.Context.Messages)
        {
            size += 8 + (3 * message.Role.Length);
            foreach (var part in message.Parts)
                size += 2 + (part.IsEdited ? Encoding.UTF8.GetByteCount(part.Text!) : 0);
        }

        foreach (var message in prompt.Source.Messages)
            size += 2 * message.Others.Count;
        return size;
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

    private static ReadOnlyMemory<byte> HeadOf(EditablePrompt prompt)
    {
        ArrayBufferWriter<byte>? head = null;
        foreach (var (name, value) in prompt.Source.HeadWith(prompt.Context.ReplacedMembers))
        {
            head ??= new ArrayBufferWriter<byte>(4096);
            head.Write(Encoding.ASCII.GetBytes(name));
            head.Write([OtherMark]);
            head.Write(value.Span);
            head.Write([MessageMark]);
        }

        return head is null ? default : head.WrittenMemory;
    }
}
