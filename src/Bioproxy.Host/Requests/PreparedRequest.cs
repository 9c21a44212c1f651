using System.Net.Http.Headers;
using Bioproxy.Host.Http;
using Bioproxy.Host.Json;
using Bioproxy.Host.Models;
using Bioproxy.Host.Plugins;
using Bioproxy.Host.Prompts;

namespace Bioproxy.Host.Requests;

/// <summary>A gated request that has been read and transformed. On disposal its prompt joins the recent ones.</summary>
internal sealed class PreparedRequest(ConversationTracker conversations) : IDisposable
{
    /// <summary>How many splices the plugins' edits are.</summary>
    private int? _edits;

    public required Exchange Exchange { get; init; }

    /// <summary>What goes to the backend beside the body.</summary>
    public required RequestHead Head { get; init; }

    /// <summary>The body as the sender sent it.</summary>
    public required PooledBody Body { get; init; }

    /// <summary>The prompt in it; null where there is none that could be found.</summary>
    public required EditablePrompt? Prompt { get; init; }

    /// <summary>What is sent in place of the sender's bytes.</summary>
    public required List<JsonSplice> Splices { get; init; }

    /// <summary>The prompt in the form in which prompts are compared; null where nothing of it may be reused.</summary>
    public required CanonicalPrompt? Canonical { get; init; }

    /// <summary>The header or member that names its conversation; null for none.</summary>
    public string? SessionSource { get; init; }

    /// <summary>Whose turn in the queue it takes.</summary>
    public required ulong Client { get; init; }

    /// <summary>The isolation domain; null where there are no API keys.</summary>
    public string? Domain { get; init; }

    /// <summary>What edits the answer, in the order of the request.</summary>
    public required IReadOnlyList<PluginResponseTransform> Responses { get; init; }

    /// <summary>The model that it names; null for none.</summary>
    public string? ModelName => Prompt is not null ? Prompt.Source.Model : JsonMembers.Text(Body.Json.Span, "model");

    /// <summary>Generations, or elements of a list: each occupies a slot.</summary>
    public int Weight => Prompt?.Source.Generations ?? ListLength.Of(Body.Json.Span);

    public bool IsStream => Prompt?.Source.IsStream == true;

    /// <summary>Its conversation where the backend keeps its stream for a client that comes back; null for any other request.</summary>
    public string? Conversation => IsStream ? ResumableStreams.ConversationOf(Head.Headers) : null;

    /// <summary>Forgets what an attempt in another place added.</summary>
    /// <param name="model">The name that the server of this attempt needs; null leaves the sender's.</param>
    public void BeginAttempt(string? model)
    {
        _edits ??= Splices.Count;
        Splices.RemoveRange(_edits.Value, Splices.Count - _edits.Value);
        if (model is not null && model != ModelName)
            Splices.Add(JsonMembers.Set(Body.Json.Span, "model", model));
    }

    /// <summary>Pins it to its slot, or leaves the choice to the backend, even where the client had chosen one. Where the backend's choice
    /// could reuse what another key computed, nothing is reused.</summary>
    public void Pin(Placement placement)
    {
        if (Prompt is null)
            return;
        var splices = Prompt.Source.Splices;
        if (Exchange.Route.CanPin && (placement.Slot is not null || splices.IdSlot is not null))
            Splices.Add(splices.Pin(placement.Slot ?? -1));
        if (placement.ForbidsReuse)
            Splices.Add(splices.ForbidReuse());
    }

    /// <summary>Something of the request itself explains when the backend reuses nothing: adapters of its own, or a wish that nothing be
    /// reused.</summary>
    public bool HasOtherExplanation(Placement placement) =>
        placement.ForbidsReuse || Prompt is { Source: { HasAdapters: true } or { WantsCache: false } };

    /// <summary>Asks for progress events: without them a leaving client is noticed late, and the cache result known late.</summary>
    /// <returns>False where the client decided itself or counts the bytes, or the backend does not send them.</returns>
    public bool AskForProgress()
    {
        if (!Exchange.Route.ShowsProgress || Conversation is not null
            || Prompt is not { Source: { IsStream: true, WantsProgress: null, Generations: 1 } source })
            return false;
        Splices.Add(source.Splices.AskForProgress());
        return true;
    }

    /// <summary>The JSON of the sender's body with the edits of plugins.</summary>
    public byte[] EditedBody() => new SplicedBody(Body.Json, [.. Splices.Take(_edits ?? Splices.Count)]).ToArray();

    /// <summary>What is sent: the sender's bytes with the splices.</summary>
    public byte[] Bytes() => Spliced().ToArray();

    /// <summary>The same, without a copy.</summary>
    public PiecesContent Content()
    {
        var spliced = Spliced();
        var content = new PiecesContent(spliced.Pieces, spliced.Length);
        if (Head.Headers.ContentType.Count == 0 && spliced.Length > 0)
            content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        return content;
    }

    public void Dispose()
    {
        if (Canonical is not null)
            conversations.Keep(Canonical);
    }

    private SplicedBody Spliced() => new(Body.Memory, Splices, Body.JsonRange.Start);
}
