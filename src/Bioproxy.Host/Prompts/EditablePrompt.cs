using Bioproxy.Abstractions;
using Bioproxy.Host.Json;

namespace Bioproxy.Host.Prompts;

/// <summary>A scanned body together with the context that plugins edit; turns their edits into splices.</summary>
internal sealed class EditablePrompt
{
    private readonly List<(PromptPart Part, JsonRange Token)> _texts = [];

    public EditablePrompt(PromptBody source, string requestId, bool isWarmUp)
    {
        Source = source;
        var messages = new List<PromptMessage>(source.Messages.Count);
        foreach (var message in source.Messages)
        {
            var parts = new PromptPart[message.Parts.Count];
            for (var i = 0; i < parts.Length; i++)
            {
                var range = message.Parts[i];
                parts[i] = range.IsText ? new PromptPart(range.Type, source.Body.Slice(range.Range.Start, range.Range.Length)) : new PromptPart(range.Type, (string?)null);
                if (range.IsText)
                    _texts.Add((parts[i], range.Range));
            }

            messages.Add(new PromptMessage(message.Role, parts));
        }

        Context = new PromptContext(requestId, source.Endpoint, source.Model, isWarmUp, messages, source.Body);
    }

    public PromptBody Source { get; }

    public PromptContext Context { get; }

    /// <summary>The edits made so far.</summary>
    public List<JsonSplice> Splices()
    {
        var splices = new List<JsonSplice>();
        foreach (var (part, token) in _texts)
        {
            if (part.IsEdited)
                splices.Add(new JsonSplice(token, JsonText.Quote(part.Text!)));
        }

        return splices;
    }
}
