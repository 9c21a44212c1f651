using System.Composition;
using Bioproxy.Abstractions;

namespace Bioproxy.PrefixStabiliser;

/// <summary>Remembers what models wrote, so that it can be put back when a client returns it changed.</summary>
/// <param name="memory">The plugin's memory.</param>
[AnswerObserver("remember")]
[method: ImportingConstructor]
public sealed class AnswerWatcher(AnswerMemory memory) : IAnswerObserver
{
    /// <inheritdoc/>
    public void Observe(CompletedAnswer answer)
    {
        ArgumentNullException.ThrowIfNull(answer);
        if (AnswerPlace.Of(answer) is not { } place)
            return; // no rule needs it
        foreach (var call in answer.Parts)
        {
            if (call is { CallId: { } id, Channel.Kind: ResponseTextKind.ToolArguments, Text.Length: > 0 })
                memory.Set(MemoryKey.Arguments(answer.Domain, id), call.Text);
        }

        AddAnswers(answer, place);
        if (answer.Endpoint == PromptEndpoint.Chat)
            AddReasoning(answer, place);
    }

    /// <summary>Reasoning is found by the first call behind it, else by the answer behind it.</summary>
    private void AddReasoning(CompletedAnswer answer, AnswerPlace place)
    {
        foreach (var reasoning in answer.Parts.Where(part => part.Channel.Kind == ResponseTextKind.Reasoning && part.Text.Length > 0))
        {
            var choice = reasoning.Channel.Index;
            var call = answer.Parts.FirstOrDefault(part => part.CallId is not null && part.Channel.Index / 1000 == choice);
            var text = answer.Parts.FirstOrDefault(part => part.Channel == new ResponseChannel(ResponseTextKind.Answer, choice));
            if (call?.CallId is { } id)
                memory.Set(MemoryKey.ReasoningOfCall(answer.Domain, id), reasoning.Text);
            else if (text is { Text.Length: > 0 })
                memory.Add(MemoryKey.Reasoning(answer.Domain, place, text.Text), reasoning.Text);
        }
    }

    /// <summary>Of a chat every choice is an answer; elsewhere an answer of several blocks comes back as several.</summary>
    private void AddAnswers(CompletedAnswer answer, AnswerPlace place)
    {
        if (answer.Endpoint != PromptEndpoint.Chat && answer.Parts.Count(static part => part.Channel.Kind == ResponseTextKind.Answer) > 1)
            return;
        foreach (var part in answer.Parts)
        {
            if (part.Channel.Kind == ResponseTextKind.Answer)
                memory.Add(MemoryKey.Answer(answer.Domain, place, part.Text), part.Text);
        }
    }
}
