using Bioproxy.Doubles;
using Bioproxy.Host.Configuration;
using Bioproxy.Host.Pool;
using Microsoft.Extensions.Logging.Abstractions;

namespace Bioproxy.UnitTests.Pool;

/// <summary>
/// Many clients at once whose choices come from a seed, servers that fail to start and crash, and a model that is never idle by itself:
/// whatever they do, the pool's invariants hold and everybody is answered.
/// </summary>
public sealed class ModelPoolScheduleTests
{
    private const int Clients = 8;
    private const int Requests = 30;

    private static readonly PoolOptions Options = new()
    {
        Models =
        [
            Model("a", 4), Model("b", 4), Model("c", 6), Model("d", 10),
        ],
        MaxLoaded = 2,
        Memory = 10,
        MinLoaded = TimeSpan.FromSeconds(1),
    };

    public static TheoryData<int> SomeSeeds => Seeds.Of(2, 8);

    [Theory]
    [MemberData(nameof(SomeSeeds))]
    public async Task AnySchedule_InvariantsHold(int seed)
    {
        var time = new TestClock();
        var servers = new SimulatedServers(Options, time, new Random(seed));
        var use = new FakePoolUse();
        var pool = new ModelPool(
            Options,
            new PoolRules(TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(10)),
            servers,
            use,
            time,
            NullLogger<ModelPool>.Instance);
        var random = new Random(seed);
        using var done = new CancellationTokenSource();
        using var over = new CancellationTokenSource();
        var (granted, refused, left) = (0, 0, 0);

        var clients = Enumerable.Range(0, Clients).Select(_ => ClientAsync(new Random(random.Next()))).ToList();
        var hogs = Enumerable.Range(0, 2).Select(_ => HogAsync(new Random(random.Next()))).ToList();
        var clock = ClockAsync(new Random(random.Next()));
        await Task.WhenAll(clients).DefaultTimeout();
        await done.CancelAsync();
        await Task.WhenAll(hogs).DefaultTimeout();
        Assert.All(pool.Status, status => Assert.Equal(0, status.Leases));
        await pool.DisposeAsync().DefaultTimeout();
        await over.CancelAsync();
        await clock.DefaultTimeout();

        Assert.Empty(servers.Violations);
        Assert.Equal(0, servers.Resident);
        await Eventually.TrueAsync(() => time.ActiveTimers == 0, Tolerances.Soon, "no timer is left");
        Assert.Equal(Clients * Requests, granted + refused + left);
        Assert.True(granted > Clients * Requests / 3, $"{granted} granted, {refused} refused, {left} left");

        async Task ClientAsync(Random choices)
        {
            for (var i = 0; i < Requests; i++)
            {
                await DelayAsync(choices, 1000);
                await RequestAsync("abcd"[choices.Next(4)].ToString(), choices, choices.Next(4) == 0);
            }
        }

        // Two of them: one always holds a lease while the other asks for the next.
        async Task HogAsync(Random choices)
        {
            while (!done.IsCancellationRequested)
            {
                using var asking = servers.Ask("a");
                var result = await pool.EnsureLoadedAsync("a", default);
                await DelayAsync(choices, 2000);
                servers.AssertNotStopped(result.Lease);
                result.Lease?.Dispose();
            }
        }

        async Task RequestAsync(string model, Random choices, bool mayLeave)
        {
            using var leaving = mayLeave ? new CancellationTokenSource(TimeSpan.FromMilliseconds(choices.Next(1, 4000)), time) : new();
            using var asking = servers.Ask(model);
            PoolResult result;
            try
            {
                result = await pool.EnsureLoadedAsync(model, leaving.Token);
            }
            catch (OperationCanceledException)
            {
                Interlocked.Increment(ref left);
                return;
            }

            if (result.Lease is not { } lease)
            {
                Interlocked.Increment(ref refused);
                return;
            }

            Interlocked.Increment(ref granted);
            await DelayAsync(choices, 800);
            if (choices.Next(10) == 0)
                servers.Crash(lease);
            servers.AssertNotStopped(lease);
            if (choices.Next(4) > 0 || !use.Busy.TryAdd(model, true))
            {
                lease.Dispose();
                return;
            }

            // In use for a while without a lease.
            lease.Dispose();
            await DelayAsync(choices, 800);
            servers.AssertNotStopped(lease);
            use.Busy.TryRemove(model, out _);
            pool.NotifyIdle(model);
        }

        Task DelayAsync(Random choices, int most) => Task.Delay(TimeSpan.FromMilliseconds(choices.Next(1, most)), time);

        async Task ClockAsync(Random choices)
        {
            while (!over.IsCancellationRequested)
            {
                // Others arm timers at the same time: only plain steps are safe.
                time.Advance(TimeSpan.FromMilliseconds(choices.Next(1, 200)));
                await Task.Delay(1);
            }
        }
    }

    private static PoolModelOptions Model(string name, long memory) => new(name) { Hf = "o/r", Memory = memory };
}
