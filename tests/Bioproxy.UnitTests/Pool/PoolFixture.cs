using Bioproxy.Doubles;
using Bioproxy.Host.Configuration;
using Bioproxy.Host.Pool;
using Microsoft.Extensions.Logging.Abstractions;

namespace Bioproxy.UnitTests.Pool;

/// <summary>A pool of models a, b, c, d over fake processes and a clock that stands still.</summary>
internal sealed class PoolFixture : IAsyncDisposable
{
    public static readonly TimeSpan SaveLimit = TimeSpan.FromSeconds(20);
    public static readonly TimeSpan MaxWait = TimeSpan.FromSeconds(120);

    public PoolFixture(Func<PoolOptions, PoolOptions>? change = null)
    {
        var options = new PoolOptions
        {
            Models = [.. "abcd".Select(letter => new PoolModelOptions(letter.ToString()) { Hf = "o/r" })],
            MaxLoaded = 1,
            MinLoaded = TimeSpan.Zero,
        };
        Pool = new ModelPool(
            change?.Invoke(options) ?? options, new PoolRules(SaveLimit, MaxWait), Factory, Use, Time, NullLogger<ModelPool>.Instance);
    }

    public TestClock Time { get; } = new();

    public FakeProcessFactory Factory { get; } = new();

    public FakePoolUse Use { get; } = new();

    public ModelPool Pool { get; }

    public PoolModelStatus Status(string model) => Pool.Status.Single(status => status.Name == model);

    public Task WhenAsync(string model, PoolModelState state) =>
        Eventually.TrueAsync(() => Status(model).State == state, Tolerances.Soon, $"{model} is {state}");

    public Task<PoolResult> AskAsync(string model, CancellationToken cancellationToken = default) =>
        Pool.EnsureLoadedAsync(model, cancellationToken).AsTask();

    /// <summary>Asks for a model, makes it ready and gives its lease.</summary>
    public async Task<(PoolLease Lease, FakeModelProcess Process)> LoadAsync(string model)
    {
        var asked = AskAsync(model);
        var process = await Factory.ReadyAsync(model);
        return (Lease(await asked.DefaultTimeout()), process);
    }

    public static PoolLease Lease(PoolResult result)
    {
        Assert.Null(result.Failure);
        return result.Lease!;
    }

    /// <summary>Whatever happens by itself has happened: only the loads that the test has to end are under way.</summary>
    public Task WhenQuietAsync() => Eventually.TrueAsync(
        () => Pool.UnfinishedWork == Factory.StartingCount, Tolerances.Soon, "the pool has done all it can do");

    public ValueTask DisposeAsync() => Pool.DisposeAsync();
}
