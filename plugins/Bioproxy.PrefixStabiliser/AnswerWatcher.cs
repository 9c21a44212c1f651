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

        foreach (var text in TextsOf(answer))
            memory.Add(MemoryKey.Answer(answer.Domain, place, text), text);
    }

    /// <summary>Of a chat every choice is an answer; elsewhere an answer of several blocks comes back as several.</summary>
    private static IEnumerable<string> TextsOf(CompletedAnswer answer)
    {
        var texts = answer.Parts.Where(part => part.Channel.Kind == ResponseTextKind.Answer).Select(part => part.Text).ToList();
        return answer.Endpoint == PromptEndpoint.Chat || texts.Count == 1 ? texts : [];
    }
}
