using Bioproxy.Cluster.Messages;
using Bioproxy.Host.Prompts;

namespace Bioproxy.Host.Cluster;

/// <summary>Prompts as messages between proxies.</summary>
internal static class PromptMessages
{
    private const int HashSize = 16;

    /// <summary>A shorter text is worth its bytes also where it is only estimated.</summary>
    private const int ShortText = 4 * PromptChain.BlockSize;

    /// <summary>A prompt to be placed. It copies the text, which lives in a pooled buffer.</summary>
    public static PromptMessage? Of(CanonicalPrompt? prompt) => prompt is null ? null : Of(prompt, withText: true);

    /// <summary>A prompt to be estimated: a long one without its text.</summary>
    public static PromptMessage? OutlineOf(CanonicalPrompt? prompt) =>
        prompt is null ? null : Of(prompt, withText: prompt.Chain.Length <= ShortText);

    private static PromptMessage Of(CanonicalPrompt prompt, bool withText)
    {
        var chain = prompt.Chain;
        var hashes = new byte[(chain.BlockCount + 1) * HashSize];
        for (var i = 0; i < chain.BlockCount; i++)
            chain.Blocks[i].WriteTo(hashes.AsSpan(i * HashSize));
        chain.End.WriteTo(hashes.AsSpan(chain.BlockCount * HashSize));
        return new PromptMessage
        {
            Text = withText ? prompt.Text.ToArray() : default,
            Length = chain.Length,
            Checksums = withText ? default : (prompt.Opening, prompt.FirstMessage),
            Hashes = hashes,
            TailCheck = chain.TailCheck,
            Marks = (prompt.HeadLength, prompt.BodyStart, prompt.FirstMessageEnd),
            HasSystemMember = prompt.HasSystemMember,
            Session = prompt.Session,
            IsSessionShared = prompt.IsSessionShared,
            Turns = prompt.Turns,
            Tools = prompt.Shape.Tools,
            Messages = prompt.Shape.Messages,
            UserTurns = prompt.Shape.UserTurns,
            MaxTokens = prompt.Shape.MaxTokens,
            HasSchema = prompt.Shape.HasSchema,
            IsTask = prompt.Shape.IsTask,
            Side = (int)prompt.Side,
            IsRepeated = prompt.IsRepeated,
            CanPin = prompt.CanPin,
        };
    }

    /// <exception cref="InvalidDataException">The message contradicts itself: another version made it.</exception>
    public static CanonicalPrompt? Read(PromptMessage? message, string? domain)
    {
        if (message is null)
            return null;
        var hashes = message.Hashes.Span;
        var blocks = message.Length / PromptChain.BlockSize;
        if (hashes.Length != (blocks + 1) * HashSize || (!message.Text.IsEmpty && message.Text.Length != message.Length))
            throw new InvalidDataException(
                $"A prompt of {message.Length} bytes came with {message.Text.Length} of them and {hashes.Length / HashSize} hashes.");
        var hashed = new ChainHash[blocks];
        for (var i = 0; i < blocks; i++)
            hashed[i] = ChainHash.From(hashes[(i * HashSize)..]);
        var chain = new PromptChain(hashed, message.Length, ChainHash.From(hashes[(blocks * HashSize)..]), message.TailCheck);
        var prompt = message.Text.Length == message.Length
            ? CanonicalPrompt.Copy(message.Text.Span, chain, MarksOf(message, domain))
            : CanonicalPrompt.Outline(chain, MarksOf(message, domain), message.Checksums.Opening, message.Checksums.FirstMessage);
        (prompt.IsSessionShared, prompt.Side, prompt.IsRepeated) = (message.IsSessionShared, (SideKind)message.Side, message.IsRepeated);
        return prompt;
    }

    private static CanonicalMarks MarksOf(PromptMessage message, string? domain) => new(
        message.Marks.Head,
        message.Marks.BodyStart,
        message.Marks.FirstMessageEnd,
        message.HasSystemMember,
        domain,
        message.Session,
        message.Turns,
        message.CanPin,
        new RequestShape
        {
            Messages = message.Messages,
            UserTurns = message.UserTurns,
            HasAnswers = message.Turns > 1,
            Tools = message.Tools,
            MaxTokens = message.MaxTokens,
            HasSchema = message.HasSchema,
            IsTask = message.IsTask,
        });
}
