using System.Diagnostics;
using System.Net;
using Bioproxy.Benchmarks.Routing;
using Bioproxy.Cluster.Messages;
using Bioproxy.Host.Cluster;
using Bioproxy.Host.Models.Slots;

namespace Bioproxy.Benchmarks.Scale;

/// <summary>Sends a trace through all proxies in turn to the owners, one event after the other on a simulated clock. Answers are as much
/// shorter than the trace's as it takes to keep a part of all slots at work (<see cref="SimulatedRates.Load"/>).</summary>
internal sealed class ScaleReplay(IReadOnlyList<ScaleServer> servers, SimulatedFleet fleet, int proxies, int perName, double perSecond)
{
    private static readonly TimeSpan StepLimit = TimeSpan.FromSeconds(30);

    private readonly SiloAddress[] _silos =
        [.. Enumerable.Range(0, proxies).Select(static proxy => SiloAddress.New(new IPEndPoint(IPAddress.Loopback, 11111 + proxy), 1))];
    private readonly PriorityQueue<ScaleJob, double> _ends = new();
    private readonly DateTimeOffset _began = fleet.Clock.GetUtcNow();
    private double _shortening;

    public int[] Placements { get; } = new int[servers.Count];

    public List<double> Takes { get; } = [];

    public List<double> Estimates { get; } = [];

    public List<double> Ends { get; } = [];

    /// <summary>Turns and estimates that were asked of another proxy.</summary>
    public (long Takes, long Estimates) Remote { get; private set; }

    /// <summary>Bytes of the prompts of all turns, and of what estimates carry of them, once each.</summary>
    public (long Whole, long Outline) MessageBytes { get; private set; }

    public async Task RunAsync(IReadOnlyList<TraceRequest> trace, CancellationToken cancellationToken)
    {
        var offered = trace.Average(SimulatedRates.WholeSeconds) * perSecond / (servers.Count * SimulatedRates.Slots);
        _shortening = SimulatedRates.Load / offered;
        foreach (var (number, request) in trace.Index())
        {
            cancellationToken.ThrowIfCancellationRequested();
            var at = number / perSecond;
            while (_ends.TryPeek(out _, out var end) && end <= at)
                await EndAsync(_ends.Dequeue(), end);
            MoveTo(at);
            await ArriveAsync(request, number % proxies, at);
        }

        while (_ends.TryDequeue(out var job, out var end))
            await EndAsync(job, end);
    }

    private static void Await(Func<bool> condition)
    {
        if (!SpinWait.SpinUntil(condition, StepLimit))
            throw new TimeoutException("A step of the simulation did not end.");
    }

    private void MoveTo(double seconds)
    {
        if (_began + TimeSpan.FromSeconds(seconds) is var time && time > fleet.Clock.GetUtcNow())
            fleet.Clock.SetUtcNow(time);
    }

    private async Task ArriveAsync(TraceRequest request, int proxy, double at)
    {
        using var prompt = Replay.PromptOf(request.Blocks);
        var message = PromptMessages.Of(prompt)!;
        var outline = PromptMessages.OutlineOf(prompt)!;
        MessageBytes = (MessageBytes.Whole + BytesOf(message), MessageBytes.Outline + BytesOf(outline));
        var server = Choose(request, outline, proxy);
        var hasRoom = server.Waiting.Count == 0 && server.Model.Queue.View.Used < SimulatedRates.Slots;
        var started = Stopwatch.GetTimestamp();
        var asked = new TurnRequest
        {
            Turn = Guid.NewGuid(),
            Proxy = ScalePlacement.NameOf(proxy),
            Lane = (int)Lane.Interactive,
            Client = (ulong)proxy,
            Prompt = message,
        };
        var job = new ScaleJob(request, server, asked.Turn, server.Owned!.TakeAsync(_silos[proxy], asked));
        if (server.Owner != proxy)
            Remote = Remote with { Takes = Remote.Takes + 1 };
        Placements[servers.Index().First(one => ReferenceEquals(one.Item, server)).Index]++;
        if (!hasRoom)
        {
            server.Waiting.Add(job);
            Await(() => server.Model.Queue.View.InteractiveWaiting >= server.Waiting.Count || job.Taking.IsCompleted);
            return;
        }

        await job.Taking.WaitAsync(StepLimit);
        Takes.Add(Stopwatch.GetElapsedTime(started).TotalMicroseconds);
        await BeginAsync(job, at);
    }

    private static int BytesOf(PromptMessage message) => message.Text.Length + message.Hashes.Length;

    /// <summary>The instance of the prompt's model where it is soonest, as the router does: it asks all of them.</summary>
    private ScaleServer Choose(TraceRequest request, PromptMessage message, int proxy)
    {
        var names = (servers.Count + perName - 1) / perName;
        var name = request.Blocks[Math.Min(1, request.Blocks.Length - 1)] % names;
        var asked = new EstimateRequest { Lane = (int)Lane.Interactive, Prompt = message };
        var (best, cost) = (default(ScaleServer), double.MaxValue);
        for (var i = name * perName; i < Math.Min((name + 1) * perName, servers.Count); i++)
        {
            var started = Stopwatch.GetTimestamp();
            var estimate = servers[i].Owned!.Estimate(asked);
            Estimates.Add(Stopwatch.GetElapsedTime(started).TotalMicroseconds);
            if (servers[i].Owner != proxy)
                Remote = Remote with { Estimates = Remote.Estimates + 1 };
            if (estimate.Wait + estimate.Prompt + estimate.Eviction + estimate.Busy is var seconds && seconds < cost)
                (best, cost) = (servers[i], seconds);
        }

        return best!;
    }

    private async Task BeginAsync(ScaleJob job, double at)
    {
        var placement = (await job.Taking)?.Placement ?? throw new InvalidOperationException("A request was refused.");
        (job.Slot, job.Reused) = job.Server.Slots.Begin(placement.Pin, job.Request.Blocks);
        job.Server.Owned!.Started(job.Turn);
        var computed = (job.Request.Blocks.Length - job.Reused) * SimulatedRates.BlockTokens;
        var seconds = SimulatedRates.PrefillSeconds(computed) + SimulatedRates.DecodeSeconds(job.Request.OutputTokens);
        _ends.Enqueue(job, at + (seconds * _shortening));
    }

    private async Task EndAsync(ScaleJob job, double at)
    {
        MoveTo(at);
        var server = job.Server;
        server.Slots.End(job.Slot);
        var computed = (job.Request.Blocks.Length - job.Reused) * SimulatedRates.BlockTokens;
        var outcome = new TurnOutcome
        {
            IsComplete = true,
            IsStreaming = true,
            Coverage = 1,
            Slot = job.Slot,
            Timings = new(job.Reused * SimulatedRates.BlockTokens, computed, 1, SimulatedRates.PrefillSeconds(computed)),
        };
        var used = server.Model.Queue.View.Used;
        var started = Stopwatch.GetTimestamp();
        server.Owned!.End(job.Turn, outcome);
        Ends.Add(Stopwatch.GetElapsedTime(started).TotalMicroseconds);
        Await(() => server.Model.Queue.View is var now
            && (now.Used < used || now.InteractiveWaiting < server.Waiting.Count)); // mostly it is settled at once
        while (server.Waiting.Count > server.Model.Queue.View.InteractiveWaiting)
        {
            await Task.WhenAny(server.Waiting.Select(static one => one.Taking)).WaitAsync(StepLimit);
            var granted = server.Waiting.Find(static one => one.Taking.IsCompleted)!;
            server.Waiting.Remove(granted);
            await BeginAsync(granted, at);
        }
    }
}
