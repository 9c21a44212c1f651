using Bioproxy.Abstractions;

namespace Bioproxy.PrefixStabiliser;

/// <summary>
/// Gives an answer its reasoning back where the client left it out (chat only). A chat template that renders the reasoning of earlier
/// turns, or that of the calls before a result, then makes the prompt that the backend has computed; any other leaves it out by itself.
/// </summary>
internal sealed class ReasoningRule(AnswerMemory memory) : IPromptRule
{
    public string Name => "reasoning";

    public int Apply(PromptContext context, CancellationToken cancellationToken)
    {
        if (memory.IsEmpty || context.Endpoint != PromptEndpoint.Chat)
            return 0;
        var count = 0;
        foreach (var (message, place) in AnswerPlace.Along(context))
        {
            if (message.OtherParts.Any(part => part.Type == "reasoning") || Find(context, message, place) is not { } reasoning)
                continue;
            message.AddedReasoning = reasoning;
            count++;
        }

        return count;
    }

    private string? Find(PromptContext context, PromptMessage message, AnswerPlace place)
    {
        foreach (var part in message.OtherParts)
        {
            if (part.CallId is { } call)
                return memory.Find(MemoryKey.ReasoningOfCall(context.Domain, call));
        }

        return PromptTexts.OnlyText(message)?.Text is { Length: > 0 } text
            ? memory.Find(MemoryKey.Reasoning(context.Domain, place, text))
            : null;
    }
}
