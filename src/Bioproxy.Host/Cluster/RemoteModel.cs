using Bioproxy.Host.Backends;
using Bioproxy.Host.Http;
using Bioproxy.Host.Models;
using Bioproxy.Host.Models.Slots;
using Bioproxy.Host.Prompts;

namespace Bioproxy.Host.Cluster;

/// <summary>One model of a shared server, as this proxy's requests use it: its owner is asked, wherever that is.</summary>
internal sealed class RemoteModel(SharedServer server, ServedModel model, TimeProvider time) : IModelOwner
{
    public bool IsHere => server.IsOwned;

    public string? Name => server.OwnerName;

    public async Task<QueueGrant?> TakeAsync(QueueEntry entry, CancellationToken cancellationToken)
    {
        var request = TurnMessages.Of(server.Proxy, model.Backend.Model, entry);
        var answer = await server.Link.TakeAsync(request, cancellationToken).ConfigureAwait(false);
        if (answer is null or { IsUnknown: true })
            return null;
        return TurnMessages.GrantOf(
            answer, entry.Lane, time.GetTimestamp(),
            placement => new RemoteTurn(server.Link, request.Turn, PlacementMessages.Read(placement, entry.Prompt), time));
    }

    /// <summary>The server is called without its owner's knowledge.</summary>
    public ValueTask<(SwapPass? Pass, ProxyFailure? Failure)> EnterAsync(CancellationToken cancellationToken) => default;

    public async ValueTask<RouteFigures?> EstimateAsync(
        CanonicalPrompt? prompt, Lane lane, int weight, CancellationToken cancellationToken)
    {
        var request = TurnMessages.Of(model.Backend.Model, prompt, lane, weight);
        return await server.Link.EstimateAsync(request, cancellationToken).ConfigureAwait(false) is { } estimate
            ? TurnMessages.Read(estimate)
            : null;
    }
}
