using Bioproxy.Cluster;
using Bioproxy.Cluster.Messages;
using Bioproxy.Host.Backends;
using Bioproxy.Host.Http;
using Bioproxy.Host.Models;
using Bioproxy.Host.Models.Slots;
using Bioproxy.Host.Prompts;

namespace Bioproxy.Host.Cluster.Pools;

/// <summary>
/// The proxy that has a model in its pool, as this proxy's requests ask it. Without it there is no turn, and without a turn no way to the
/// model: unlike at a server that all proxies reach, a request that gets no answer fails, and the next place is tried.
/// </summary>
/// <param name="proxy">That proxy.</param>
/// <param name="asking">This proxy.</param>
/// <param name="link">The way to it.</param>
/// <param name="model">The model.</param>
/// <param name="time">The clock.</param>
/// <param name="presence">Whether that proxy is there: nothing waits for one that is not.</param>
internal sealed class PoolOwner(
    string proxy, string asking, IServerLink link, ReportedModel model, TimeProvider time, Presence presence) : IModelOwner
{
    /// <summary>So many estimates without an answer, one after the other, are no accident.</summary>
    private const int Patience = 2;

    private volatile int _unanswered;

    public bool IsHere => false;

    public string? Name => proxy;

    private string? Model => model.Report?.Name;

    public async Task<QueueGrant?> TakeAsync(QueueEntry entry, CancellationToken cancellationToken)
    {
        var request = TurnMessages.Of(asking, Model, entry);
        return await AskAsync(request, cancellationToken).ConfigureAwait(false) is { } answer
            ? TurnMessages.GrantOf(answer, entry.Lane, time.GetTimestamp(), placement => TurnOf(request.Turn, placement, entry.Prompt))
            : new QueueGrant(null, QueueRefusal.None, TimeSpan.Zero, TimeSpan.Zero) { Failure = Gone() };
    }

    public async ValueTask<(SwapPass? Pass, ProxyFailure? Failure)> EnterAsync(CancellationToken cancellationToken)
    {
        var request = TurnMessages.Of(asking, Model, new QueueEntry(Lane.Interactive, Weight: 0));
        var answer = await AskAsync(request, cancellationToken).ConfigureAwait(false);
        if (answer is not { Placement: not null })
            return (null, answer is null ? Gone() : TurnMessages.FailureOf(answer) ?? Gone());
        var pass = new SwapPass(() => link.End(request.Turn, new TurnOutcome { IsComplete = true }), CancellationToken.None)
        {
            Turn = TextOf(request.Turn),
        };
        return (pass, null);
    }

    /// <summary>Of one that is slow to answer the last report is used; one that does not answer comes last.</summary>
    public async ValueTask<RouteFigures?> EstimateAsync(
        CanonicalPrompt? prompt, Lane lane, int weight, CancellationToken cancellationToken)
    {
        var request = TurnMessages.Of(Model, prompt, lane, weight);
        if (await link.EstimateAsync(request, cancellationToken).ConfigureAwait(false) is { } estimate)
        {
            _unanswered = 0;
            return TurnMessages.Read(estimate);
        }

        var isSilent = Interlocked.Increment(ref _unanswered) >= Patience || !presence.IsThere;
        return isSilent ? new RouteFigures(0, model.ExpectedSeconds, 0, 0, 0) { IsAway = true } : null;
    }

    /// <returns>Null when it does not answer, or not for this model.</returns>
    private async Task<TurnAnswer?> AskAsync(TurnRequest request, CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(presence.Gone, cancellationToken);
        try
        {
            var answer = await link.TakeAsync(request, either.Token).ConfigureAwait(false);
            return answer is { IsUnknown: false } ? answer : null;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return null;
        }
    }

    private RemoteTurn TurnOf(Guid turn, PlacementMessage placement, CanonicalPrompt? prompt)
    {
        var text = TextOf(turn);
        var relayed = PlacementMessages.Read(placement, prompt) with { Relay = new RelayedTurn(text, model.ApiUnder(text)) };
        return new(link, turn, relayed, time);
    }

    private static string TextOf(Guid turn) => turn.ToString("n");

    private ProxyFailure Gone() => new(
        FailureKind.BackendUnreachable, $"The proxy {proxy}, whose pool has the model '{Model}', does not answer or has left the cluster.");
}
