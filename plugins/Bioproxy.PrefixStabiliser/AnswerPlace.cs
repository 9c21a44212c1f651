using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Bioproxy.Abstractions;

namespace Bioproxy.PrefixStabiliser;

/// <summary>The place of an answer in a conversation: how many messages that are not the model's come before it, and the last of them.
/// </summary>
/// <param name="Number">Their number.</param>
/// <param name="Before">A hash of the last one.</param>
internal sealed record AnswerPlace(int Number, string Before)
{
    /// <summary>What is hashed of a text, at its beginning and at its end: more would cost time and tell no more apart.</summary>
    private const int Hashed = 2048;

    private static readonly object StateKey = new();

    /// <summary>The places of a conversation's answers, message by message; null for a message that is none. An answer that ends the prompt
    /// is to be continued from its last character, and counts as none.</summary>
    public static IEnumerable<AnswerPlace?> Along(PromptContext context)
    {
        var number = 0;
        PromptMessage? last = null;
        foreach (var message in context.Messages)
        {
            if (message.Role == "assistant" && !ReferenceEquals(message, context.Messages[^1]))
                yield return new AnswerPlace(number, HashOf(last));
            else
                yield return null;
            if (Counts(message))
                (number, last) = (number + 1, message);
        }
    }

    /// <summary>Notes where the answer to a prompt will stand.</summary>
    public static void LeaveIn(PromptContext context) => context.State[StateKey] =
        new AnswerPlace(context.Messages.Count(Counts), HashOf(context.Messages.LastOrDefault(Counts)));

    /// <summary>Where the answer to a prompt stands; null where that was not noted.</summary>
    public static AnswerPlace? Of(CompletedAnswer answer) =>
        answer.State.TryGetValue(StateKey, out var place) ? place as AnswerPlace : null;

    /// <summary>Together with the text that stands there, whatever white space it has at its edges.</summary>
    public string With(string text) => $"{Number} {Before} {Hash(MemoryMarshal.AsBytes(Trimmed.Of(text).AsSpan()))}";

    /// <summary>A hash of bytes.</summary>
    public static string Hash(ReadOnlySpan<byte> bytes)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(bytes, hash);
        return Convert.ToHexString(hash[..16]);
    }

    /// <summary>Items of calls and of their results have no role; some clients send them, some do not.</summary>
    private static bool Counts(PromptMessage message) => message.Role is not ("assistant" or "");

    /// <summary>A hash of a message's texts as the client sent them.</summary>
    private static string HashOf(PromptMessage? message)
    {
        if (message is null)
            return string.Empty;
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> length = stackalloc byte[sizeof(int)];
        foreach (var part in message.Parts)
        {
            var bytes = part.Json.IsEmpty && part.Text is { } text ? MemoryMarshal.AsBytes(text.AsSpan()) : part.Json.Span;
            BinaryPrimitives.WriteInt32LittleEndian(length, bytes.Length);
            hash.AppendData(length);
            hash.AppendData(bytes[..Math.Min(Hashed, bytes.Length)]);
            hash.AppendData(bytes[Math.Max(0, bytes.Length - Hashed)..]);
        }

        return Convert.ToHexString(hash.GetCurrentHash().AsSpan(0, 16));
    }
}
