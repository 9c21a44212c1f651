using Bioproxy.Host.Backends;
using Bioproxy.Host.Http;

namespace Bioproxy.Host.Pool;

/// <summary>Loads one model of the pool for a request, and keeps it loaded until the request has ended.</summary>
internal sealed class PooledModel(string name, ModelPool pool, PoolUse use) : IModelLoader
{
    public double ExpectedSeconds => pool.ExpectedSeconds(name);

    public async ValueTask<(SwapPass? Pass, ProxyFailure? Failure)> EnterAsync(CancellationToken cancellationToken)
    {
        var result = await pool.EnsureLoadedAsync(name, cancellationToken).ConfigureAwait(false);
        return result.Lease is { } lease
            ? (new SwapPass(lease.Dispose, CancellationToken.None), null)
            : (null, new ProxyFailure(FailureKind.ModelNotLoaded, result.Failure!.Message, result.Failure.RetryAfter));
    }

    public void Subscribe(ISwapListener listener) => use.Add(name, listener);
}
