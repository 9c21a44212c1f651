using Bioproxy.Host.Http;
using Bioproxy.Host.Json;
using Bioproxy.Host.Plugins;
using Bioproxy.Host.Prompts;

namespace Bioproxy.Host.Requests;

/// <summary>What is known of a request that goes through the gate, once it has been read and transformed.</summary>
internal sealed class GatedRequest
{
    public required Exchange Exchange { get; init; }

    /// <summary>The body as the client sent it.</summary>
    public required PooledBody Body { get; init; }

    /// <summary>The prompt in it; null where there is none that could be found.</summary>
    public required EditablePrompt? Prompt { get; init; }

    /// <summary>What is sent in place of the client's bytes.</summary>
    public required List<JsonSplice> Splices { get; init; }

    /// <summary>The prompt as others are compared with it; null where nothing of it may be reused.</summary>
    public required CanonicalPrompt? Canonical { get; init; }

    /// <summary>Whose turn it is in the queue.</summary>
    public required ulong Client { get; init; }

    /// <summary>What edits the answer, in the order of the way in.</summary>
    public required IReadOnlyList<PluginResponseTransform> Responses { get; init; }

    /// <summary>Generations, or elements of a list: each takes a slot.</summary>
    public int Weight => Prompt?.Source.Generations ?? ListLength.Of(Body.Memory.Span);

    public bool IsStream => Prompt?.Source.IsStream == true;

    /// <summary>Says which slot it goes to.</summary>
    /// <param name="slot">The slot; null leaves it to the backend, also where the client had chosen one.</param>
    public void Pin(int? slot)
    {
        if (Prompt is not null && Exchange.Route.CanPin && (slot is not null || Prompt.Source.IdSlot is not null))
            Splices.Add(Prompt.Source.Pin(slot ?? -1));
    }

    /// <summary>Asks for progress events: without them a client that leaves is noticed late, and what is reused is known only at the end.</summary>
    /// <returns>False where the client has a wish of its own, or the backend would not give them.</returns>
    public bool AskForProgress()
    {
        if (!Exchange.Route.ShowsProgress || Prompt is not { Source: { IsStream: true, WantsProgress: null, Generations: 1 } source })
            return false;
        Splices.Add(source.AskForProgress());
        return true;
    }
}
