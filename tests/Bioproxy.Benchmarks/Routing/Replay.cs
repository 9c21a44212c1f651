using System.Buffers.Binary;
using Bioproxy.Host.Backends;
using Bioproxy.Host.Models;
using Bioproxy.Host.Models.Slots;
using Bioproxy.Host.Prompts;

namespace Bioproxy.Benchmarks.Routing;

/// <summary>
/// Replays a trace on the simulated clock, one event after the other: a request comes, is routed, waits for its turn, is placed, and ends;
/// now and then idle conversations are saved. Every step is awaited before the next, so that a replay has the same result each time.
/// </summary>
internal sealed class Replay(SimulatedFleet fleet, RoutingPolicy policy, IReadOnlyList<TraceRequest> trace, double stretch)
{
    /// <summary>As the host's loop: half of <c>kv.idle_save_seconds</c>.</summary>
    private const double SaveInterval = 2.5;

    /// <summary>No step waits for the simulated clock, so a longer one is stuck.</summary>
    private static readonly TimeSpan StepLimit = TimeSpan.FromSeconds(30);

    private readonly PolicyRouter _router = new(policy, fleet);
    private readonly DateTimeOffset _began = fleet.Clock.GetUtcNow();
    private readonly PriorityQueue<ReplayJob, (double At, int Number)> _ends = new();
    private readonly List<ReplayJob>[] _waiting = [.. fleet.Models.Select(_ => new List<ReplayJob>())];
    private readonly double[] _busy = new double[fleet.Models.Count];
    private readonly List<double> _firstTokens = new(trace.Count);
    private double _now;
    private long _reused;
    private long _computed;

    public async Task<ReplayResult> RunAsync(CancellationToken cancellationToken)
    {
        var nextSave = SaveInterval;
        for (var next = 0; next < trace.Count || _ends.Count > 0;)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var arrival = next < trace.Count ? trace[next].Seconds * stretch : double.MaxValue;
            var end = _ends.TryPeek(out _, out var first) ? first.At : double.MaxValue;
            MoveTo(Math.Min(nextSave, Math.Min(arrival, end)));
            if (_now == nextSave)
            {
                nextSave += SaveInterval;
                await SaveIdleAsync(cancellationToken);
            }
            else if (_now == end)
            {
                await EndAsync(_ends.Dequeue());
            }
            else
            {
                await ArriveAsync(trace[next++]);
            }
        }

        _firstTokens.Sort();
        var all = trace.Sum(request => (long)request.Blocks.Length);
        var room = fleet.Options.KvEnabled ? Room() : 0;
        return new ReplayResult(policy, fleet.Rule, room, _reused / (double)all, _busy.Max() / _busy.Average(),
            _firstTokens[_firstTokens.Count / 2], _firstTokens[(int)(_firstTokens.Count * 0.95)], _computed);
    }

    private int Room() => (int)(fleet.Options.KvMaxBytes / SimulatedRates.BlockTokens / SimulatedRates.TokenBytes);

    private void MoveTo(double seconds)
    {
        _now = seconds;
        if (_began + TimeSpan.FromSeconds(seconds) is var time && time > fleet.Clock.GetUtcNow())
            fleet.Clock.SetUtcNow(time);
    }

    private async Task ArriveAsync(TraceRequest request)
    {
        var prompt = PromptOf(request.Blocks);
        var (instance, promptSeconds) = _router.Choose(request, prompt);
        var model = fleet.Models[instance];
        var entry = new QueueEntry(Lane.Interactive, 1, 0, () => model.Current.IsHot(prompt)) { PromptSeconds = promptSeconds };
        var job = new ReplayJob(request, prompt, _now, instance)
        {
            Turn = model.Queue.AcquireAsync(entry, CancellationToken.None).AsTask(),
        };
        if (job.Turn.IsCompleted)
            await BeginAsync(job);
        else
            _waiting[instance].Add(job);
    }

    private async Task BeginAsync(ReplayJob job)
    {
        var instance = fleet.Models[job.Instance].Current;
        var slots = fleet.Slots[job.Instance];
        job.Lease = (await job.Turn).Lease ?? throw new InvalidOperationException("A request was refused.");
        slots.TakeSeconds(); // the saving of idle conversations delays nobody
        job.Placement = await instance.PlaceAsync(job.Prompt, null, 1, Lane.Interactive, CancellationToken.None).AsTask()
            .WaitAsync(StepLimit);
        (job.Slot, job.Reused) = slots.Begin(job.Placement.Slot, job.Request.Blocks);
        instance.Started(job.Placement);
        job.Prompt.Dispose();
        job.Began = _now;
        var first = _now + slots.TakeSeconds() + SimulatedRates.PrefillSeconds(job.Computed);
        var end = first + SimulatedRates.DecodeSeconds(job.Request.OutputTokens);
        _firstTokens.Add(first - job.Arrived);
        _busy[job.Instance] += end - _now;
        _reused += job.Reused;
        _computed += job.Computed;
        _ends.Enqueue(job, (end, _firstTokens.Count));
    }

    private async Task EndAsync(ReplayJob job)
    {
        var model = fleet.Models[job.Instance];
        fleet.Slots[job.Instance].End(job.Slot);
        var timings = new PromptTimings(job.Reused * SimulatedRates.BlockTokens, job.Computed, 1)
        {
            PrefillSeconds = SimulatedRates.PrefillSeconds(job.Computed),
        };
        await model.Current.SettleAsync(job.Placement!, new WorkOutcome(true, true, timings, 1, job.Slot)).WaitAsync(StepLimit);
        model.Current.Return(job.Lease!);
        var waiting = _waiting[job.Instance];
        while (waiting.Count > model.Queue.View.InteractiveWaiting)
        {
            await Task.WhenAny(waiting.Select(one => one.Turn)).WaitAsync(StepLimit);
            var granted = waiting.Find(one => one.Turn.IsCompleted)!;
            waiting.Remove(granted);
            await BeginAsync(granted);
        }
    }

    private async Task SaveIdleAsync(CancellationToken cancellationToken)
    {
        foreach (var model in fleet.Models)
            await model.Current.Saver.SaveAllAsync("when idle", fleet.Options.KvIdleSave, goesFirst: false, cancellationToken);
    }

    /// <summary>A text that shares with others what its blocks do.</summary>
    public static CanonicalPrompt PromptOf(int[] blocks)
    {
        var text = new byte[blocks.Length * SimulatedRates.BlockBytes];
        for (var i = 0; i < blocks.Length; i++)
            BinaryPrimitives.WriteInt32LittleEndian(text.AsSpan(i * SimulatedRates.BlockBytes), blocks[i]);
        return CanonicalPrompt.Copy(text);
    }
}
