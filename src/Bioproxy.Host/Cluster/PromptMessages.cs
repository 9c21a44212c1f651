using System.Buffers;
using Bioproxy.Cluster.Messages;
using Bioproxy.Host.Prompts;

namespace Bioproxy.Host.Cluster;

/// <summary>Prompts as messages between proxies.</summary>
internal static class PromptMessages
{
    private const int HashSize = 16;

    /// <summary>The message is read before the prompt is disposed: it copies the text, which lives in a pooled buffer.</summary>
    public static PromptMessage? Of(CanonicalPrompt? prompt)
    {
        if (prompt is null)
            return null;
        var chain = prompt.Chain;
        var hashes = new byte[(chain.BlockCount + 1) * HashSize];
        for (var i = 0; i < chain.BlockCount; i++)
            chain.Blocks[i].WriteTo(hashes.AsSpan(i * HashSize));
        chain.End.WriteTo(hashes.AsSpan(chain.BlockCount * HashSize));
        return new PromptMessage
        {
            Text = prompt.Text.ToArray(),
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
        var text = message.Text.Span;
        var hashes = message.Hashes.Span;
        var blocks = text.Length / PromptChain.BlockSize;
        if (hashes.Length != (blocks + 1) * HashSize)
            throw new InvalidDataException($"A prompt of {text.Length} bytes came with {hashes.Length / HashSize} hashes.");
        var chain = new ChainHash[blocks];
        for (var i = 0; i < blocks; i++)
            chain[i] = ChainHash.From(hashes[(i * HashSize)..]);
        var buffer = ArrayPool<byte>.Shared.Rent(Math.Max(1, text.Length));
        text.CopyTo(buffer);
        var prompt = CanonicalPrompt.Take(
            buffer,
            text.Length,
            new PromptChain(chain, text.Length, ChainHash.From(hashes[(blocks * HashSize)..]), message.TailCheck),
            new CanonicalMarks(
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
                }));
        (prompt.IsSessionShared, prompt.Side, prompt.IsRepeated) = (message.IsSessionShared, (SideKind)message.Side, message.IsRepeated);
        return prompt;
    }
}
