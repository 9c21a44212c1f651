using System.Text;
using Bioproxy.Abstractions;
using Bioproxy.Host.Json;

namespace Bioproxy.Host.Prompts;

/// <summary>A scanned body together with the context that plugins edit; turns their edits into splices.</summary>
internal sealed class EditablePrompt
{
    private readonly List<(PromptPart Part, JsonRange Token)> _texts = [];
    private readonly List<(PromptPart Part, JsonRange Token)> _others = [];

    /// <param name="source">The body.</param>
    /// <param name="requestId">The request's id.</param>
    /// <param name="isWarmUp">It is a rehearsal.</param>
    /// <param name="time">The request's time.</param>
    /// <param name="model">A rehearsal's model, in place of the one in the body.</param>
    public EditablePrompt(PromptBody source, string requestId, bool isWarmUp, DateTimeOffset time = default, string? model = null)
    {
        Source = source;
        var messages = new List<PromptMessage>(source.Messages.Count);
        foreach (var message in source.Messages)
        {
            var parts = new PromptPart[message.Parts.Count];
            for (var i = 0; i < parts.Length; i++)
            {
                var range = message.Parts[i];
                parts[i] = range.IsText
                    ? new PromptPart(range.Type, source.Body.Slice(range.Range.Start, range.Range.Length))
                    : new PromptPart(range.Type, (string?)null);
                if (range.IsText)
                    _texts.Add((parts[i], range.Range));
            }

            messages.Add(new PromptMessage(message.Role, parts, () => OthersOf(message))
            {
                CanAddText = MessageEdits.TakesTexts(message, source),
            });
        }

        Context = new PromptContext(requestId, source.Endpoint, model ?? source.Model, isWarmUp, messages, source.Body) { Time = time };
    }

    public PromptBody Source { get; }

    public PromptContext Context { get; }

    /// <summary>What is not text, with the edits made so far.</summary>
    public RenderedParts Rendered => new(Source, Context.Messages, OtherSplices());

    /// <summary>The edits made so far.</summary>
    public List<JsonSplice> Splices()
    {
        var splices = OtherSplices();
        for (var i = 0; i < Source.Messages.Count; i++)
        {
            var (message, ranges) = (Context.Messages[i], Source.Messages[i]);
            if ((message.ReplacedRole ?? message.AddedReasoning) is not null || message.Parts.Count > ranges.Parts.Count)
                splices.AddRange(MessageEdits.Splices(message, ranges, Source));
        }

        foreach (var (part, token) in _texts)
        {
            if (part.IsEdited)
                splices.Add(new JsonSplice(token, JsonText.Quote(part.Text!)));
        }

        foreach (var (name, value) in Context.ReplacedMembers)
        {
            if (Source.Find(name) is { } range)
                splices.Add(new JsonSplice(range, value));
        }

        return splices;
    }

    private static ReadOnlyMemory<byte> ReplacementOf(PromptPart part) =>
        part.IsJson ? Encoding.UTF8.GetBytes(part.Text!) : JsonText.Quote(part.Text!);

    private List<JsonSplice> OtherSplices()
    {
        var splices = new List<JsonSplice>();
        foreach (var (part, token) in _others)
        {
            if (part.IsEdited)
                splices.Add(new JsonSplice(token, ReplacementOf(part)));
        }

        return splices;
    }

    private List<PromptPart> OthersOf(MessageRanges message)
    {
        var found = new OtherPartsReader(Source.Body, Source.Endpoint).Read(message);
        _others.AddRange(found);
        return found.ConvertAll(static other => other.Part);
    }
}
