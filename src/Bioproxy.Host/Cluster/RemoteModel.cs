using Bioproxy.Cluster.Messages;
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
        var request = new TurnRequest
        {
            Turn = Guid.NewGuid(),
            Proxy = server.Proxy,
            Model = model.Backend.Model,
            Lane = (int)entry.Lane,
            Weight = entry.Weight,
            Client = entry.Client,
            PromptSeconds = entry.PromptSeconds,
            Domain = entry.Domain,
            Prompt = PromptMessages.Of(entry.Prompt),
        };
        var answer = await server.Link.TakeAsync(request, cancellationToken).ConfigureAwait(false);
        if (answer is null or { IsUnknown: true })
            return null;
        if (answer.Failure is { } failure)
            return new QueueGrant(null, QueueRefusal.None, answer.Waited, TimeSpan.Zero)
            {
                Failure = new ProxyFailure((FailureKind)answer.FailureKind, failure, answer.RetryAfter),
            };
        if (answer.Placement is not { } placement)
            return new QueueGrant(null, (QueueRefusal)answer.Refusal, answer.Waited, answer.RetryAfter);
        var turn = new RemoteTurn(server.Link, request.Turn, PlacementMessages.Read(placement, entry.Prompt), time);
        var lease = new Lease(turn, entry.Lane, answer.Weight, time.GetTimestamp());
        return new QueueGrant(lease, QueueRefusal.None, answer.Waited, TimeSpan.Zero);
    }

    public async ValueTask<RouteFigures?> EstimateAsync(
        CanonicalPrompt? prompt, Lane lane, int weight, CancellationToken cancellationToken)
    {
        var request = new EstimateRequest
        {
            Model = model.Backend.Model,
            Lane = (int)lane,
            Weight = weight,
            Prompt = PromptMessages.Of(prompt),
            Domain = prompt?.Domain,
        };
        return await server.Link.EstimateAsync(request, cancellationToken).ConfigureAwait(false) is { } estimate
            ? new RouteFigures(estimate.Wait, estimate.Load, estimate.Prompt, estimate.Eviction, estimate.Busy)
            {
                IsAway = estimate.IsAway,
                HasSlots = estimate.HasSlots,
            }
            : null;
    }
}
