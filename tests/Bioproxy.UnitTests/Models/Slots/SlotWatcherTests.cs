using System.Diagnostics;
using Bioproxy.Doubles;
using Bioproxy.Host.Backends;
using Bioproxy.Host.Models;
using Bioproxy.UnitTests.Backends;
using Bioproxy.UnitTests.PromptTests;

namespace Bioproxy.UnitTests.Models.Slots;

public sealed class SlotWatcherTests : IAsyncDisposable
{
    private readonly ModelFixture _model = new();

    public ValueTask DisposeAsync() => _model.DisposeAsync();

    [Fact]
    public async Task Poll_ManyCallersWait_ShareOne()
    {
        // Fault 2: every caller made a poll of its own.
        await _model.StartAsync();
        using var hold = new Hold(_model.Api);
        var first = _model.Instance.Watcher.PollAsync(default);
        await hold.Reached.DefaultTimeout();

        var waiting = Enumerable.Range(0, 5).Select(_ => _model.Instance.Watcher.PollAsync(default)).ToList();
        var before = _model.Api.Count("slots");
        hold.Release();
        await first.DefaultTimeout();
        var polls = await Task.WhenAll(waiting).DefaultTimeout();

        Assert.Equal(before + 1, _model.Api.Count("slots"));
        Assert.All(polls, poll => Assert.Same(polls[0], poll));
    }

    [Fact]
    public async Task Poll_OneIsUnderWay_GetsTheNext()
    {
        // A list that was asked for before the caller acted does not show what it did.
        await _model.StartAsync();
        using var hold = new Hold(_model.Api);
        var first = _model.Instance.Watcher.PollAsync(default);
        await hold.Reached.DefaultTimeout();
        var second = _model.Instance.Watcher.PollAsync(default);
        _model.Api.Set(1, 77);
        hold.Release();

        Assert.NotSame(await first.DefaultTimeout(), await second.DefaultTimeout());
        Assert.Equal(77, (await second)!.Rows[1].PromptTokens);
    }

    [Fact]
    public async Task Poll_CallerLeaves_OthersKeepTheirPoll()
    {
        await _model.StartAsync();
        using var hold = new Hold(_model.Api);
        using var leaving = new CancellationTokenSource();
        var left = _model.Instance.Watcher.PollAsync(leaving.Token);
        var kept = _model.Instance.Watcher.PollAsync(default);
        await hold.Reached.DefaultTimeout();
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => left.DefaultTimeout());
        hold.Release();

        Assert.NotNull(await kept.DefaultTimeout());
    }

    [Fact]
    public async Task Poll_Quiet_PollsAreFarApartWhoeverAsks()
    {
        // Fault 2: two waiters, each polling every 1.1 s, never left the server the second in which it looks for clients that left.
        await _model.StartAsync();
        var times = Times();
        await _model.Instance.Watcher.PollAsync(default).DefaultTimeout();
        using var quiet = _model.Instance.Watcher.KeepQuiet();
        using var another = _model.Instance.Watcher.KeepQuiet();
        Assert.True(_model.Instance.Watcher.IsQuiet);
        for (var i = 0; i < 4; i++)
        {
            var polls = Task.WhenAll(_model.Instance.Watcher.PollAsync(default), _model.Instance.Watcher.PollAsync(default));
            await AdvanceUntilAsync(polls);
        }

        Assert.Equal(5, times.Count);
        Assert.All(times.Zip(times.Skip(1)), pair => Assert.True(pair.Second - pair.First >= TimeSpan.FromSeconds(1.1)));
        another.Dispose();
        another.Dispose();
        Assert.True(_model.Instance.Watcher.IsQuiet); // the first is still held
        quiet.Dispose();
        await _model.Instance.Watcher.PollAsync(default).DefaultTimeout();
        Assert.Equal(times[^2], times[^1]);
    }

    [Fact]
    public async Task Poll_Silence_IsNothingAndChangesNoBelief()
    {
        await _model.StartAsync();
        await _model.RunAsync(ModelFixture.Text('a'));
        var state = _model.Backend.Monitor.State;
        _model.Api.OnSlots = static _ => Task.FromResult<BackendAnswer<IReadOnlyList<SlotRow>>?>(
            FakeSlotApi.Fails<IReadOnlyList<SlotRow>>(FakeSlotApi.Silence));

        Assert.Null(await _model.Instance.Watcher.PollAsync(default).DefaultTimeout());

        Assert.Same(state, _model.Backend.Monitor.State);
        Assert.Contains(_model.Table.View(), slot => slot.Content?.Tokens == 1000);
    }

    [Fact]
    public async Task Poll_ConnectionRefused_RetiresTheInstance()
    {
        await _model.StartAsync();
        var instance = _model.Instance;
        _model.Api.OnSlots = static _ => Task.FromResult<BackendAnswer<IReadOnlyList<SlotRow>>?>(
            FakeSlotApi.Fails<IReadOnlyList<SlotRow>>(Bioproxy.Host.Http.TransportFault.Unreachable));

        Assert.Null(await instance.Watcher.PollAsync(default).DefaultTimeout());

        Assert.NotSame(instance, _model.Instance);
    }

    [Fact]
    public async Task Settle_TwoCancelledThatDoNotStream_BothAreNoticed()
    {
        // Fault 2: the server looks for clients that left after a full second without any result, and a poll is one.
        await _model.StartAsync();
        var last = _model.Clock.GetUtcNow();
        _model.Api.OnSlots = _ =>
        {
            if (_model.Clock.GetUtcNow() - last >= TimeSpan.FromSeconds(1))
            {
                _model.Api.Set(0, 10);
                _model.Api.Set(1, 10);
            }

            last = _model.Clock.GetUtcNow();
            return Task.FromResult<BackendAnswer<IReadOnlyList<SlotRow>>?>(null);
        };
        var settling = new List<Task>();
        foreach (var letter in "ab")
        {
            using var prompt = TestPrompts.Of(ModelFixture.Text(letter));
            var placement = await _model.PlaceAsync(prompt).DefaultTimeout();
            _model.Api.Begin(placement.Slot!.Value);
            _model.Instance.Started(placement);
            settling.Add(_model.Instance.SettleAsync(placement, new WorkOutcome(IsComplete: false, IsStreaming: false, null, 0)));
            _model.Clock.Advance(TimeSpan.FromSeconds(0.3));
        }

        await AdvanceUntilAsync(Task.WhenAll(settling));

        _model.AssertNothingIsOwned();
        Assert.False(_model.Instance.Watcher.IsQuiet);
    }

    [Fact]
    public void Sources_OfAnInstance_PollTheSlotListInOnePlaceOnly()
    {
        // The shrinker polls where it works for the command line, without an instance; a driver asks what a server can do.
        var host = Path.Combine(RepositoryFolder.Root!, "src", "Bioproxy.Host");
        var callers = new[] { "Models", "WarmUp", "Requests", "Admin" }
            .SelectMany(folder => Directory.EnumerateFiles(Path.Combine(host, folder), "*.cs", SearchOption.AllDirectories))
            .Where(file => File.ReadAllText(file).Contains("GetSlotsAsync", StringComparison.Ordinal))
            .Select(file => Path.GetFileName(file)).Order(StringComparer.Ordinal);

        Assert.Equal(["SlotFileShrinker.cs", "SlotWatcher.cs"], callers);
    }

    /// <summary>When the slot list is asked for from now on.</summary>
    private List<DateTimeOffset> Times()
    {
        var times = new List<DateTimeOffset>();
        _model.Api.OnSlots = _ =>
        {
            times.Add(_model.Clock.GetUtcNow());
            return Task.FromResult<BackendAnswer<IReadOnlyList<SlotRow>>?>(null);
        };
        return times;
    }

    /// <summary>Lets the clock run from timer to timer while something waits for it. Other timers may run meanwhile: their steps say
    /// nothing of how far the work is on a busy machine.</summary>
    private async Task AdvanceUntilAsync(Task done)
    {
        var watch = Stopwatch.StartNew();
        while (!done.IsCompleted && watch.Elapsed < Tolerances.Soon)
        {
            await Task.WhenAny(done, _model.Clock.WhenTimersAsync(1)).DefaultTimeout();
            if (!done.IsCompleted && _model.Clock.UntilNext is { } next)
                _model.Clock.Advance(next);
            await Task.Yield();
        }

        await done.DefaultTimeout();
    }

    /// <summary>Holds the next slot list until it is released.</summary>
    private sealed class Hold : IDisposable
    {
        private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Hold(FakeSlotApi api) => api.OnSlots = async _ =>
        {
            _reached.TrySetResult();
            await _released.Task;
            return null;
        };

        public Task Reached => _reached.Task;

        public void Release() => _released.TrySetResult();

        public void Dispose() => Release();
    }
}
