using Bioproxy.Host.Backends;

namespace Bioproxy.Host.Pool;

/// <summary>A llama-server that the pool starts and stops: while it does not run, nothing is asked of it.</summary>
internal sealed class PooledModelDriver(string name, ModelPool pool, IBackendDriver server) : IBackendDriver
{
    public ISlotApi? Slots => server.Slots;

    public Task<Discovery> DiscoverAsync(BackendState known, CancellationToken cancellationToken)
    {
        var now = pool.StatusOf(name);
        return now.State switch
        {
            PoolModelState.Ready => server.DiscoverAsync(known, cancellationToken),
            PoolModelState.Stopping => Task.FromResult(Discovery.Silence), // its slots are being saved
            PoolModelState.Loading or PoolModelState.Waiting => Found(BackendStatus.Loading, "it is being loaded"),
            PoolModelState.Failed => Found(BackendStatus.Unloaded, now.Problem ?? "its server has ended"),
            _ => Found(BackendStatus.Unloaded, "it is loaded when a request comes"),
        };

        static Task<Discovery> Found(BackendStatus status, string problem) => Task.FromResult(Discovery.Found(status, null, problem));
    }

    public Task<ProcessCheck> CheckProcessAsync(BackendFacts facts, CancellationToken cancellationToken) =>
        server.CheckProcessAsync(facts, cancellationToken);

    /// <summary>The request that wakes it has loaded it by then; a server that sleeps by itself (--sleep-idle-seconds) has not.</summary>
    public Task WakeAsync(CancellationToken cancellationToken) =>
        pool.StatusOf(name).State == PoolModelState.Ready ? server.WakeAsync(cancellationToken) : Task.CompletedTask;

    public Task<BackendAnswer<string>> ReadMetricsAsync(CancellationToken cancellationToken) => server.ReadMetricsAsync(cancellationToken);

    public void Dispose() => server.Dispose();
}
