using System.Runtime.InteropServices;
using Bioproxy.Abstractions;

namespace Bioproxy.PrefixStabiliser;

/// <summary>The place of an answer in a conversation: how many messages that are not the model's come before it, and the last of them.
/// </summary>
/// <param name="Number">Their number.</param>
/// <param name="Before">A hash of the last one.</param>
internal readonly record struct AnswerPlace(int Number, MemoryHash Before)
{
    /// <summary>What is hashed of a text, at its beginning and at its end: more would cost time and tell no more apart.</summary>
    private const int Hashed = 2048;

    private static readonly object StateKey = new();

    /// <summary>A conversation's answers with their places. An answer that ends the prompt is to be continued from its last character, and
    /// counts as none.</summary>
    public static IEnumerable<(PromptMessage Answer, AnswerPlace Place)> Along(PromptContext context)
    {
        var number = 0;
        PromptMessage? last = null;
        for (var i = 0; i < context.Messages.Count; i++)
        {
            var message = context.Messages[i];
            if (message.Role == "assistant" && i < context.Messages.Count - 1)
                yield return (message, new AnswerPlace(number, HashOf(last)));
            if (Counts(message))
                (number, last) = (number + 1, message);
        }
    }

    /// <summary>Notes where the answer to a prompt will stand.</summary>
    public static void LeaveIn(PromptContext context) => context.State[StateKey] =
        new AnswerPlace(context.Messages.Count(Counts), HashOf(context.Messages.LastOrDefault(Counts)));

    /// <summary>Where the answer to a prompt stands; null where that was not noted.</summary>
    public static AnswerPlace? Of(CompletedAnswer answer) =>
        answer.State.TryGetValue(StateKey, out var place) ? place as AnswerPlace? : null;

    /// <summary>Together with the text that stands there, whatever white space it has at its edges.</summary>
    public MemoryHash With(string text) => Before.Then(Of(Number)).Then(MemoryHash.Of(Trimmed.Of(text)));

    /// <summary>Items of calls and of their results have no role; some clients send them, some do not.</summary>
    private static bool Counts(PromptMessage message) => message.Role is not ("assistant" or "");

    /// <summary>A hash of a message's texts as the client sent them.</summary>
    private static MemoryHash HashOf(PromptMessage? message)
    {
        var hash = default(MemoryHash);
        foreach (var part in message?.Parts ?? [])
        {
            var bytes = part.Json.IsEmpty && part.Text is { } text ? MemoryMarshal.AsBytes(text.AsSpan()) : part.Json.Span;
            hash = hash.Then(HashOf(bytes));
        }

        return hash;
    }

    private static MemoryHash HashOf(ReadOnlySpan<byte> bytes) => bytes.Length <= 2 * Hashed
        ? MemoryHash.Of(bytes)
        : MemoryHash.Of(bytes[..Hashed]).Then(MemoryHash.Of(bytes[^Hashed..])).Then(Of(bytes.Length));

    private static MemoryHash Of(int number) => new((ulong)number, 0);
}
