using System.Buffers;
using Bioproxy.Abstractions;

namespace Bioproxy.Host.Prompts;

/// <summary>
/// A prompt's canonical text and its chain: what the backend's rendering depends on, in the order it is rendered, so that two
/// prompts whose canonical texts share a beginning are rendered with a shared beginning. JSON escapes are resolved, a string
/// and a list with one text part are the same, and a conversation's next turn begins with the whole of its last one.
/// Markers are bytes that occur in no UTF-8 text. The text lives in a pooled buffer until disposal; the chain outlives it.
/// </summary>
internal sealed partial class CanonicalPrompt : IDisposable
{
    public const byte MessageMark = 0xFF;
    public const byte ContentMark = 0xFE;
    public const byte TextMark = 0xFD;
    public const byte OtherMark = 0xFC;

    private byte[]? _buffer;
    private readonly int _length;
    private ulong? _opening;
    private ulong? _firstMessage;

    private CanonicalPrompt(byte[]? buffer, int length, PromptChain? chain = null)
    {
        _buffer = buffer;
        _length = length;
        IsOutline = buffer is null;
        Chain = chain ?? PromptChain.Of(Text);
    }

    public PromptChain Chain { get; }

    /// <summary>Its text is not known here; see <see cref="Outline"/>.</summary>
    public bool IsOutline { get; }

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
    public ReadOnlySpan<byte> Text => (_buffer ?? throw (IsOutline
        ? new InvalidOperationException("The text of this prompt is not here.")
        : new ObjectDisposedException(nameof(CanonicalPrompt)))).AsSpan(0, _length);

    /// <summary>For texts that are canonical already (the common beginning of several).</summary>
    public static CanonicalPrompt Copy(ReadOnlySpan<byte> text, string? domain = null) =>
        new(Pooled(text), text.Length) { Domain = domain };

    /// <summary>A text that another proxy built, with its chain.</summary>
    public static CanonicalPrompt Copy(ReadOnlySpan<byte> text, PromptChain chain, CanonicalMarks marks) =>
        Of(Pooled(text), chain, marks);

    /// <summary>A prompt without its text, to estimate what it costs: the hashes do not tell where within a block it parts from what is
    /// held, so the last part of that, less than a block, is taken on trust. It decides about no reuse.</summary>
    public static CanonicalPrompt Outline(PromptChain chain, CanonicalMarks marks, ulong opening, ulong firstMessage)
    {
        var prompt = Of(null, chain, marks);
        (prompt._opening, prompt._firstMessage) = (opening, firstMessage);
        return prompt;
    }

    private static CanonicalPrompt Of(byte[]? pooled, PromptChain chain, in CanonicalMarks marks) => new(pooled, chain.Length, chain)
    {
        HeadLength = marks.Head,
        BodyStart = marks.BodyStart,
        FirstMessageEnd = marks.FirstMessageEnd,
        HasSystemMember = marks.HasSystemMember,
        Domain = marks.Domain,
        Session = marks.Session,
        Turns = marks.Turns,
        CanPin = marks.CanPin,
        Shape = marks.Shape with { Bytes = chain.Length },
    };

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
        if (IsOutline)
            return held.Length == _length ? held.End == Chain.End : held.BlockCount > 0;
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

    private static byte[] Pooled(ReadOnlySpan<byte> text)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(Math.Max(1, text.Length));
        text.CopyTo(buffer);
        return buffer;
    }

    private ulong ChecksumOf(int start, int end) =>
        end > start ? ((ulong)(end - start) << 32) | PromptChain.Check(PromptChain.NoCheck, Text[start..end]) : 0;
}
