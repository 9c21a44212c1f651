using Bioproxy.Host.Backends;
using Bioproxy.Host.Http;

namespace Bioproxy.UnitTests.Models;

/// <summary>Loads a model as the test says; at first everything succeeds at once.</summary>
internal sealed class FakeModelLoader : IModelLoader
{
    private int _entered;

    public string State { get; set; } = "ready";

    public double ExpectedSeconds { get; set; }

    public ISwapListener? Listener { get; private set; }

    public string? Obstacle => OnObstacle();

    public bool CanUnload { get; set; } = true;

    public IReadOnlyList<string>? Log { get; set; }

    public Func<string?> OnObstacle { get; set; } = static () => null;

    public Func<CancellationToken, Task<ProxyFailure?>> OnEnter { get; set; } = static _ => Task.FromResult<ProxyFailure?>(null);

    public Func<Task<bool>> OnRestart { get; set; } = static () => Task.FromResult(false);

    public Func<CancellationToken, Task> OnUnload { get; set; } = static _ => Task.CompletedTask;

    /// <summary>Those who may use it now.</summary>
    public int Entered => Volatile.Read(ref _entered);

    public async ValueTask<(SwapPass? Pass, ProxyFailure? Failure)> EnterAsync(CancellationToken cancellationToken)
    {
        if (await OnEnter(cancellationToken) is { } failure)
            return (null, failure);
        Interlocked.Increment(ref _entered);
        return (new SwapPass(() => Interlocked.Decrement(ref _entered), CancellationToken.None), null);
    }

    public ValueTask<bool> RestartsAsync(CancellationToken cancellationToken) => new(OnRestart());

    public Task UnloadAsync(CancellationToken cancellationToken) => OnUnload(cancellationToken);

    public void Subscribe(ISwapListener listener) => Listener = listener;
}
