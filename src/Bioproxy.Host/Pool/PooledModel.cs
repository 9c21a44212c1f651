using Bioproxy.Host.Backends;
using Bioproxy.Host.Http;

namespace Bioproxy.Host.Pool;

/// <summary>Loads one model of the pool for a request, and keeps it loaded until the request has ended.</summary>
internal sealed class PooledModel(string name, ModelPool pool, PoolUse use) : IModelLoader
{
    public string State => pool.StatusOf(name).State switch
    {
        PoolModelState.Unloaded => "unloaded",
        PoolModelState.Waiting => "waiting",
        PoolModelState.Loading => "loading",
        PoolModelState.Ready => "ready",
        PoolModelState.Stopping => "stopping",
        _ => "failed",
    };

    public string? Obstacle => pool.StatusOf(name) switch
    {
        { State: PoolModelState.Waiting, Problem: not null } => "its server has ended, and is started again",
        { State: PoolModelState.Waiting } => "another model is busy",
        { State: PoolModelState.Stopping } => "it is being stopped first",
        _ => null,
    };

    public bool CanUnload => true;

    public IReadOnlyList<string>? Log => pool.Logs(name);

    public double ExpectedSeconds => pool.ExpectedSeconds(name);

    public async ValueTask<(SwapPass? Pass, ProxyFailure? Failure)> EnterAsync(CancellationToken cancellationToken)
    {
        var result = await pool.EnsureLoadedAsync(name, cancellationToken).ConfigureAwait(false);
        return result.Lease is { } lease
            ? (new SwapPass(lease.Dispose, CancellationToken.None), null)
            : (null, new ProxyFailure(FailureKind.ModelNotLoaded, result.Failure!.Message, result.Failure.RetryAfter));
    }

    public ValueTask<bool> RestartsAsync(CancellationToken cancellationToken) => new(pool.HasEndedAsync(name, cancellationToken));

    public Task UnloadAsync(CancellationToken cancellationToken) => pool.UnloadAsync(name, cancellationToken);

    public void Subscribe(ISwapListener listener) => use.Add(name, listener);
}
