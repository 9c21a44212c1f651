using System.Collections.Concurrent;
using Bioproxy.Cluster;
using Bioproxy.Cluster.Messages;
using Bioproxy.Host.Http;
using Bioproxy.Host.Models;
using Bioproxy.Host.Models.Slots;
using Bioproxy.Host.Requests;
using Bioproxy.Host.Routing;
using Microsoft.Extensions.Logging;

namespace Bioproxy.Host.Cluster;

/// <summary>
/// Schedules a server for all proxies: what a request's own steps 4 to 6 and 8 do here, for requests that are streamed elsewhere. A turn is
/// ended exactly once: by its proxy, because its proxy is dead, or because it was never granted.
/// </summary>
/// <param name="server">The server.</param>
/// <param name="logger">The log.</param>
/// <param name="conversations">Compares the prompts of all proxies; null where nothing is compared.</param>
internal sealed partial class ServerOwner(
    SharedServer server, ILogger<ServerOwner> logger, ConversationTracker? conversations = null) : IServerOwner
{
    private readonly ILogger<ServerOwner> _logger = logger;
    private readonly ConcurrentDictionary<Guid, GrantedTurn> _turns = new();
    private volatile bool _isGivenUp;

    /// <summary>The turns that other proxies hold.</summary>
    public int Turns => _turns.Count;

    /// <summary>The model of a turn that another proxy holds; null when it has ended, or was never granted here.</summary>
    public ServedModel? ModelOf(Guid turn) => _turns.TryGetValue(turn, out var held) ? held.Model : null;

    public async Task<TurnAnswer> TakeAsync(TurnRequest request, CancellationToken cancellationToken)
    {
        if (_isGivenUp || server.ModelOf(request.Model) is not { } model)
            return new TurnAnswer { IsUnknown = true };
        if (request.Weight == 0)
            return await EnterAsync(request, model, cancellationToken).ConfigureAwait(false);
        using var asked = new OtherPrompt(request, conversations);
        var prompt = asked.Prompt;
        var turn = new ModelTurn();
        var isGranted = false;
        try
        {
            while (true)
            {
                var (pass, failure) = await model.EnterLoadedAsync(cancellationToken).ConfigureAwait(false);
                if (failure is not null)
                    return Refusal(failure);
                turn.Enter(pass);
                var entry = new QueueEntry(
                    (Lane)request.Lane, request.Weight, request.Client, prompt is null ? null : () => model.Current.IsHot(prompt))
                {
                    PromptSeconds = request.PromptSeconds,
                };
                var grant = await model.AcquireAsync(entry, cancellationToken).ConfigureAwait(false);
                if (grant.Lease is not { } lease)
                    return new() { Refusal = (int)grant.Refusal, Waited = grant.Waited, RetryAfter = grant.RetryAfter };
                turn.Begin(model.Current, lease);
                var placement = await turn.PlaceAsync(prompt, request.Domain, cancellationToken).ConfigureAwait(false);
                if (turn.IsOutlived(model))
                {
                    await turn.EndAsync(default, LogBug).ConfigureAwait(false);
                    continue;
                }

                placement = asked.Ask(placement, model.Context.Preambles);
                _turns[request.Turn] = new(request.Proxy, turn, model.Context.Preambles, request.Domain) { Model = model };
                isGranted = true;
                return new() { Placement = PlacementMessages.Of(placement, prompt), Waited = grant.Waited, Weight = lease.Weight };
            }
        }
        finally
        {
            if (!isGranted)
                await turn.EndAsync(default, LogBug).ConfigureAwait(false);
        }
    }

    public void Started(Guid turn)
    {
        if (_turns.TryGetValue(turn, out var held))
            held.Turn.Started();
    }

    public void End(Guid turn, TurnOutcome outcome)
    {
        if (_turns.TryRemove(turn, out var held))
            _ = held.Turn.EndAsync(held.Read(outcome), LogBug).AsTask();
    }

    public TurnEstimate Estimate(EstimateRequest request)
    {
        if (server.ModelOf(request.Model) is not { } model)
            return new TurnEstimate { IsAway = true };
        using var prompt = PromptMessages.Read(request.Prompt, domain: request.Domain);
        var figures = ModelRouter.FiguresOf(model, prompt, (Lane)request.Lane, request.Weight);
        return new(figures.Wait, figures.Load, figures.Prompt, figures.Eviction, figures.Busy, figures.IsAway, figures.HasSlots);
    }

    public void Adopt(string proxy, IReadOnlyList<HeldTurn> turns)
    {
        foreach (var held in turns)
        {
            if (_isGivenUp || held.Weight == 0 || server.ModelOf(held.Model) is not { } model || _turns.ContainsKey(held.Turn))
                continue;
            var turn = new ModelTurn();
            turn.Adopt(model.Current, model.Queue.Adopt((Lane)held.Lane, held.Weight), held.Slot);
            if (!_turns.TryAdd(held.Turn, new(proxy, turn, null, null) { Model = model }))
                _ = turn.EndAsync(default, LogBug).AsTask();
        }
    }

    public void Lost(string proxy)
    {
        var lost = _turns.Where(one => one.Value.Proxy == proxy).Select(one => one.Key).ToList();
        if (lost.Count > 0)
            LogLost(proxy, lost.Count, server.Name);
        foreach (var turn in lost)
            End(turn, new TurnOutcome());
    }

    /// <summary>What is under way goes on, and is settled by whoever owns the server then.</summary>
    public ValueTask DisposeAsync()
    {
        _isGivenUp = true;
        server.GiveUp(this);
        foreach (var turn in _turns.Keys)
            End(turn, new TurnOutcome());
        return ValueTask.CompletedTask;
    }

    /// <summary>A call that takes no slot waits for its model only, which stays until the call has ended.</summary>
    private async Task<TurnAnswer> EnterAsync(TurnRequest request, ServedModel model, CancellationToken cancellationToken)
    {
        var (pass, failure) = await model.EnterLoadedAsync(cancellationToken).ConfigureAwait(false);
        if (failure is not null)
            return Refusal(failure);
        var turn = new ModelTurn();
        turn.Enter(pass);
        _turns[request.Turn] = new(request.Proxy, turn, null, null) { Model = model };
        return new() { Placement = new PlacementMessage() };
    }

    private static TurnAnswer Refusal(ProxyFailure failure) => new()
    {
        Failure = failure.Message,
        FailureKind = (int)failure.Kind,
        RetryAfter = failure.RetryAfter ?? TimeSpan.Zero,
    };

    [LoggerMessage(LogLevel.Warning, "The proxy {Proxy} is gone; {Count} of its requests at {Server} end as if their clients had left.")]
    private partial void LogLost(string proxy, int count, string server);

    [LoggerMessage(LogLevel.Error, "Settling another proxy's request failed because of a bug in the proxy; its lease is back.")]
    private partial void LogBug(Exception exception);
}
