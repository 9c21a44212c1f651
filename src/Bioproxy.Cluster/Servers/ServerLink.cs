using System.Collections.Concurrent;
using Bioproxy.Cluster.Messages;
using Bioproxy.Cluster.Silos;
using Microsoft.Extensions.Logging;

namespace Bioproxy.Cluster.Servers;

/// <inheritdoc cref="IServerLink"/>
internal sealed class ServerLink(
    string server, string proxy, Func<SiloRun?> silo, TimeSpan ownerLimit, TimeProvider time, ILogger log, CancellationToken stopping)
    : IServerLink
{
    private static readonly TimeSpan _retryPause = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan _callLimit = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan _estimateLimit = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan _endLimit = TimeSpan.FromMinutes(10);

    private readonly ConcurrentDictionary<Guid, HeldTurn> _held = new();

    // The owner that knows of the turns that this proxy holds, and the silo that told it: a silo that was declared dead lost them.
    private (SiloRun Silo, Guid Activation)? _adopted;

    /// <inheritdoc/>
    public string? Owner { get; private set; }

    /// <inheritdoc/>
    public async Task<TurnAnswer?> TakeAsync(TurnRequest request, CancellationToken cancellationToken)
    {
        long? failing = null;
        var isAsked = false;
        Task<ServerReply>? asking = null;
        try
        {
            while (true)
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (silo() is not { } run) break;
                try
                {
                    if (failing is not null) await PingAsync(run, cancellationToken);
                    isAsked = true;
                    asking = Grain(run).Take(run.Address, request);
                    var reply = await run.CallAsync(asking, cancellationToken);
                    if (reply.IsOwner)
                    {
                        var answer = Keep(request, reply.Answer);
                        Note(run, reply);
                        return answer;
                    }

                    Refused(run, reply);
                }
                catch (Exception error) when (!cancellationToken.IsCancellationRequested)
                {
                    log.CallFailed(server, error.Message);
                    Owner = null;
                }

                failing ??= time.GetTimestamp();
                if (time.GetElapsedTime(failing.Value) > ownerLimit) break;
                await Task.Delay(_retryPause, time, cancellationToken);
            }
        }
        catch (Exception) when (cancellationToken.IsCancellationRequested)
        {
            if (isAsked) End(request.Turn, new TurnOutcome());
            if (asking is not null) _ = EndLateAsync(asking, request.Turn);
            throw new OperationCanceledException(cancellationToken);
        }

        // Whether an owner granted it is not known: it must not stay behind there.
        if (isAsked) End(request.Turn, new TurnOutcome());
        return null;
    }

    /// <summary>The client has left: should the owner grant the turn all the same, after it was told of the end, it is told once
    /// more.</summary>
    private async Task EndLateAsync(Task<ServerReply> asking, Guid turn)
    {
        try
        {
            if ((await asking).Answer?.Placement is not null) End(turn, new TurnOutcome());
        }
        catch (Exception error)
        {
            log.CallFailed(server, error.Message); // nothing was granted
        }
    }

    /// <inheritdoc/>
    public void Started(Guid turn)
    {
        if (silo() is { } run) Grain(run).Started(turn).Ignore();
    }

    /// <inheritdoc/>
    public void End(Guid turn, TurnOutcome outcome)
    {
        _held.TryRemove(turn, out _);
        _ = EndAsync(turn, outcome);
    }

    /// <inheritdoc/>
    public async ValueTask<TurnEstimate?> EstimateAsync(EstimateRequest request, CancellationToken cancellationToken)
    {
        if (silo() is not { } run) return null;
        try
        {
            var reply = await Grain(run).Estimate(request).WaitAsync(_estimateLimit, time, cancellationToken);
            return reply.IsOwner ? reply.Estimate : null;
        }
        catch (Exception) when (!cancellationToken.IsCancellationRequested)
        {
            return null;
        }
    }

    /// <summary>Learns who schedules the server; a new owner is told which turns this proxy holds. Where nobody schedules it, somebody
    /// does from now on.</summary>
    public async Task PingAsync(SiloRun run, CancellationToken cancellationToken)
    {
        var reply = await Grain(run).Ping().WaitAsync(_callLimit, time, cancellationToken);
        if (!reply.IsOwner)
        {
            Refused(run, reply);
            return;
        }

        Owner = reply.Proxy;
        if (_adopted == (run, reply.Activation)) return;
        var held = _held.Values.ToArray();
        if (held.Length > 0)
        {
            var adopted = await Grain(run).Adopt(run.Address, proxy, held).WaitAsync(_callLimit, time, cancellationToken);
            if (!adopted.IsOwner || adopted.Activation != reply.Activation) return;
        }

        _adopted = (run, reply.Activation);
    }

    /// <summary>The silo that asked is gone; who schedules the server now is not known.</summary>
    public void Forget() => Owner = null;

    private TurnAnswer? Keep(TurnRequest request, TurnAnswer? answer)
    {
        if (answer?.Placement is { } placement)
        {
            _held[request.Turn] = new HeldTurn
            {
                Turn = request.Turn,
                Model = request.Model,
                Lane = request.Lane,
                Weight = answer.Weight,
                Slot = placement.Pin,
            };
        }

        return answer;
    }

    /// <summary>An answer came from an owner. A new one hears of the turns that earlier ones granted.</summary>
    private void Note(SiloRun run, ServerReply reply)
    {
        Owner = reply.Proxy;
        if (_adopted != (run, reply.Activation)) _ = TellAsync(run);
    }

    private async Task TellAsync(SiloRun run)
    {
        try
        {
            await PingAsync(run, stopping);
        }
        catch (Exception error)
        {
            // The next ping tells it.
            log.CallFailed(server, error.Message);
        }
    }

    private void Refused(SiloRun run, ServerReply reply)
    {
        Owner = null;
        run.Side.NoteRefusal(server, reply.Proxy);
    }

    private async Task EndAsync(Guid turn, TurnOutcome outcome)
    {
        var start = time.GetTimestamp();
        while (!stopping.IsCancellationRequested && time.GetElapsedTime(start) < _endLimit)
        {
            try
            {
                if (silo() is { } run)
                {
                    var reply = await Grain(run).End(turn, outcome).WaitAsync(_callLimit, time, stopping);
                    if (reply.IsOwner) return;
                    Refused(run, reply);
                }
            }
            catch (Exception error)
            {
                log.CallFailed(server, error.Message);
            }

            await Task.Delay(_retryPause, time, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private IServerGrain Grain(SiloRun run) => run.Grains.GetGrain<IServerGrain>(server);
}
