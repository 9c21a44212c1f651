using Bioproxy.Doubles;
using Bioproxy.Host.Backends;
using Microsoft.Extensions.Logging.Abstractions;

namespace Bioproxy.UnitTests.Backends;

/// <summary>Which model of a server may be loaded next.</summary>
public sealed class SwapGateTests
{
    private static readonly TimeSpan MaxWait = TimeSpan.FromSeconds(30);

    private readonly TestClock _clock = new();
    private readonly SwapGate _gate;

    public SwapGateTests() => _gate = New(_clock);

    [Fact]
    public async Task Enter_LoadedModel_IsLetThroughAtOnce()
    {
        Observe(1, "a");

        Assert.True(_gate.EnterAsync("a", default).AsTask().IsCompletedSuccessfully);
        using var second = await _gate.EnterAsync("a", default).AsTask().DefaultTimeout();
    }

    [Fact]
    public async Task Enter_LoadedModelIsBusy_WaitsUntilItIsIdleAndSaved()
    {
        var saver = new RecordingListener(_gate, "a");
        _gate.Subscribe("a", saver);
        Observe(1, "a");
        var busy = await _gate.EnterAsync("a", default);
        var other = _gate.EnterAsync("b", default).AsTask();
        Assert.False(other.IsCompleted);
        Assert.Equal(0, saver.Saves);

        busy.Dispose();

        using var pass = await other.DefaultTimeout();
        Assert.Equal((1, SwapState.Leaving, SwapState.Gone), (saver.Saves, saver.DuringSave, saver.AtTheEnd));
        Assert.Equal((SwapState.Gone, SwapState.Coming), (_gate.StateOf("a"), _gate.StateOf("b")));
        Assert.Null(_gate.TryCall("a"));
    }

    [Fact]
    public async Task Enter_RoomForAnother_NothingGoes()
    {
        Observe(2, "a");
        using var busy = await _gate.EnterAsync("a", default);

        using var pass = await _gate.EnterAsync("b", default).AsTask().DefaultTimeout();

        Assert.Equal((SwapState.Here, SwapState.Coming), (_gate.StateOf("a"), _gate.StateOf("b")));
    }

    [Fact]
    public async Task Enter_NumberUnknown_OneAtATimeUntilTwoAreSeenTogether()
    {
        Observe(null, "a");
        var busy = await _gate.EnterAsync("a", default);
        var other = _gate.EnterAsync("b", default).AsTask();
        Assert.False(other.IsCompleted);
        busy.Dispose();
        (await other.DefaultTimeout()).Dispose();

        Observe(null, "a", "b");
        using var again = await _gate.EnterAsync("a", default).AsTask().DefaultTimeout();
        using var beside = await _gate.EnterAsync("b", default).AsTask().DefaultTimeout();

        Assert.Equal((SwapState.Here, SwapState.Here), (_gate.StateOf("a"), _gate.StateOf("b")));
    }

    [Fact]
    public async Task Enter_OtherModelNeverIdle_ClosesItAfterTheLimit()
    {
        Observe(1, "a");
        var first = await _gate.EnterAsync("a", default);
        var other = _gate.EnterAsync("b", default).AsTask();
        var second = await _gate.EnterAsync("a", default).AsTask().DefaultTimeout(); // grouped with the first
        first.Dispose();

        _clock.AdvanceStepByStep(MaxWait);
        var third = _gate.EnterAsync("a", default).AsTask();
        Assert.False(third.IsCompleted);
        second.Dispose();

        (await other.DefaultTimeout()).Dispose();
        (await third.DefaultTimeout()).Dispose();
    }

    [Fact]
    public async Task Enter_ClientLeaves_TheModelIsNotLoadedAndTheOtherIsOpenAgain()
    {
        Observe(1, "a");
        using var busy = await _gate.EnterAsync("a", default);
        using var leaving = new CancellationTokenSource();
        var other = _gate.EnterAsync("b", leaving.Token).AsTask();
        _clock.AdvanceStepByStep(MaxWait);

        await leaving.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => other.DefaultTimeout());
        using var next = await _gate.EnterAsync("a", default).AsTask().DefaultTimeout();
        Assert.Equal(SwapState.Out, _gate.StateOf("b"));
    }

    [Fact]
    public async Task Observe_ModelInUseHasCrashed_KeepsItsRoom()
    {
        // Its requests that wait for a slot load it again: another that was let in meanwhile was evicted while it worked.
        Observe(1, "a");
        var waiting = await _gate.EnterAsync("a", default);
        var other = _gate.EnterAsync("b", default).AsTask();

        Observe(1);

        Assert.False(other.IsCompleted);
        Assert.Equal((SwapState.Coming, SwapState.Out), (_gate.StateOf("a"), _gate.StateOf("b")));
        waiting.Dispose();
        (await other.DefaultTimeout()).Dispose();
    }

    [Fact]
    public async Task Enter_ModelCrashedWhileItWasClosed_IsLetThroughWhenItsTurnComes()
    {
        // It was still closed when it had its room, and its request waited until something else happened at the gate.
        using var leaving = new CancellationTokenSource();
        _gate.Observe(List(null, ["a", "b", "c"], ["a", "b"])); // these two may be loaded together
        var a = await _gate.EnterAsync("a", default);
        using var b = await _gate.EnterAsync("b", default);
        var c = _gate.EnterAsync("c", leaving.Token).AsTask();
        _clock.AdvanceStepByStep(MaxWait); // both are closed for it
        a.Dispose();
        _gate.Observe(List(null, ["a", "b", "c"], ["b"])); // and one of them crashes
        var again = _gate.EnterAsync("a", default).AsTask();

        await leaving.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => c.DefaultTimeout());
        (await again.DefaultTimeout()).Dispose();
    }

    [Fact]
    public async Task Save_NeverEnds_TheSwapContinuesAfterTheLimit()
    {
        _gate.Subscribe("a", new StuckListener());
        Observe(1, "a");
        var other = _gate.EnterAsync("b", default).AsTask();
        await _clock.WhenTimersAsync(3).DefaultTimeout(); // the waiter's, and two of the save

        _clock.AdvanceStepByStep(TimeSpan.FromSeconds(10));

        (await other.DefaultTimeout()).Dispose();
    }

    [Fact]
    public async Task Call_ModelHasToLeave_IsToldAndWaitedFor()
    {
        Observe(1, "a");
        var call = _gate.TryCall("a")!;
        var other = _gate.EnterAsync("b", default).AsTask();
        await Eventually.TrueAsync(() => call.Leaving.IsCancellationRequested, Tolerances.Soon, "the call is asked to stop");
        Assert.False(other.IsCompleted);

        call.Dispose();

        (await other.DefaultTimeout()).Dispose();
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 1)]
    [InlineData(3, 2)]
    [InlineData(4, 2)]
    [InlineData(5, null)]
    public async Task AnySchedule_NoBusyModelGoesAndNobodyStarves(int seed, int? most)
    {
        var random = new Random(seed);
        string[] names = ["a", "b", "c", "d"];
        var clock = new TestClock();
        var gate = New(clock);
        gate.Observe(List(most, names, []));
        var busy = names.ToDictionary(name => name, _ => 0);
        foreach (var name in names)
            gate.Subscribe(name, new IdleProof(() => busy[name]));
        List<(string Model, SwapPass Pass, DateTimeOffset Ends)> running = [];
        List<(string Model, Task<SwapPass> Pass, DateTimeOffset Since, CancellationTokenSource Stop)> waiting = [];
        var longest = TimeSpan.Zero;
        for (var step = 0; step < 2500; step++)
        {
            if (step < 2000 && random.Next(3) > 0)
            {
                var stop = new CancellationTokenSource();
                var model = names[Math.Min(random.Next(7), 3)]; // one of them is asked for most of the time
                waiting.Add((model, gate.EnterAsync(model, stop.Token).AsTask(), clock.GetUtcNow(), stop));
            }

            if (waiting.Count > 0 && random.Next(20) == 0)
                await waiting[random.Next(waiting.Count)].Stop.CancelAsync();
            clock.AdvanceStepByStep(TimeSpan.FromSeconds(1));
            foreach (var done in running.Where(one => one.Ends <= clock.GetUtcNow()).ToList())
            {
                busy[done.Model]--;
                running.Remove(done);
                done.Pass.Dispose();
            }

            // Nothing takes time on this clock, however busy the machine is: no swap, until its very end, when the model is gone already,
            // and no way of a pass to who waits for it.
            do
                await Task.Yield();
            while (names.Any(name => gate.ObstacleOf(name) == "another model is being saved")
                || waiting.Exists(one => !one.Pass.IsCompleted && gate.ObstacleOf(one.Model) is null));
            foreach (var one in waiting.Where(one => one.Pass.IsCompleted).ToList())
            {
                waiting.Remove(one);
                one.Stop.Dispose();
                if (!one.Pass.IsCompletedSuccessfully)
                    continue;
                busy[one.Model]++;
                var waited = clock.GetUtcNow() - one.Since;
                longest = waited > longest ? waited : longest;
                running.Add((one.Model, await one.Pass, clock.GetUtcNow() + TimeSpan.FromSeconds(random.Next(1, 6))));
            }

            // The server loads what came in.
            if (random.Next(2) == 0)
                gate.Observe(List(most, names, [.. names.Where(name => gate.StateOf(name) is SwapState.Coming or SwapState.Here)]));
        }

        await Eventually.TrueAsync(
            async () =>
            {
                foreach (var one in running)
                    one.Pass.Dispose();
                running.Clear();
                foreach (var one in waiting.Where(one => one.Pass.IsCompletedSuccessfully))
                    (await one.Pass).Dispose();
                return waiting.TrueForAll(one => one.Pass.IsCompleted);
            },
            Tolerances.Soon,
            "nobody waits for ever");

        // Each of the three models before it may keep it waiting for the limit, and for what was let through by then.
        Assert.InRange(longest, TimeSpan.Zero, 4 * (MaxWait + TimeSpan.FromSeconds(10)));
    }

    [Fact]
    public async Task ExpectedSeconds_ModelsThatExcludeEachOther_AreTheLoadAndWhatTheVictimLoses()
    {
        Observe(most: 1, "a");
        _gate.Subscribe("a", new CostlyListener(3));
        Assert.Equal(0, _gate.ExpectedSeconds("a"));
        Assert.Equal(13, _gate.ExpectedSeconds("b"));

        _gate.Loaded("b", TimeSpan.FromSeconds(4));
        Assert.Equal(7, _gate.ExpectedSeconds("b"));

        using (await _gate.EnterAsync("b", CancellationToken.None).AsTask().DefaultTimeout())
            Assert.Equal(4, _gate.ExpectedSeconds("b")); // it has its room and is being loaded
        Observe(most: 1, "b");
        Assert.Equal(0, _gate.ExpectedSeconds("b"));
    }

    private static SwapGate New(TestClock clock) => new(clock, MaxWait, TimeSpan.FromSeconds(10), NullLogger<SwapGate>.Instance);

    private static ModelList List(int? most, string[] names, string[] loaded) => new(
        [.. names.Select(name => new ListedModel(name, loaded.Contains(name) ? ListedStatus.Ready : ListedStatus.Unloaded))], most);

    private void Observe(int? most, params string[] loaded) => _gate.Observe(List(most, ["a", "b"], loaded));

    private sealed class RecordingListener(SwapGate gate, string model) : ISwapListener
    {
        public bool IsBusy => false;

        public int Saves { get; private set; }

        public SwapState DuringSave { get; private set; }

        public SwapState AtTheEnd { get; private set; }

        public Task SaveAsync(CancellationToken cancellationToken)
        {
            Saves++;
            DuringSave = gate.StateOf(model);
            return Task.CompletedTask;
        }

        public void Gone() => AtTheEnd = gate.StateOf(model);
    }

    private sealed class CostlyListener(double seconds) : ISwapListener
    {
        public bool IsBusy => false;

        public double LeaveSeconds => seconds;

        public Task SaveAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public void Gone()
        {
            // nothing to forget
        }
    }

    private sealed class StuckListener : ISwapListener
    {
        public bool IsBusy => false;

        public Task SaveAsync(CancellationToken cancellationToken) => new TaskCompletionSource().Task;

        public void Gone()
        {
            // nothing to forget
        }
    }

    private sealed class IdleProof(Func<int> busy) : ISwapListener
    {
        public bool IsBusy => false;

        public Task SaveAsync(CancellationToken cancellationToken)
        {
            Assert.Equal(0, busy());
            return Task.CompletedTask;
        }

        public void Gone() => Assert.Equal(0, busy());
    }
}
