using Bioproxy.Host.Configuration;
using Bioproxy.Host.Pool;
using Microsoft.Extensions.Logging.Abstractions;

namespace Bioproxy.Host.Doctor;

/// <summary>A model of the pool that is started to be examined, and stopped after that.</summary>
internal sealed class StartedModel : IAsyncDisposable
{
    private readonly GpuChooser _gpus;
    private readonly ModelProcessFactory _factory;
    private readonly ModelPool _pool;

    /// <param name="options">The configuration, which has a pool.</param>
    /// <param name="time">The clock.</param>
    public StartedModel(ProxyOptions options, TimeProvider time)
    {
        _gpus = new GpuChooser(GpuChooser.DefaultProgram, time, NullLogger<GpuChooser>.Instance);
        _factory = new ModelProcessFactory(
            options.Pool!, PoolFolders.Of(options), _gpus, time, NullLogger<ModelProcess>.Instance);
        _pool = new ModelPool(
            options.Pool!,
            new PoolRules(options.SwapMaxSave, options.SwapMaxWait),
            _factory,
            new PoolUse(),
            time,
            NullLogger<ModelPool>.Instance);
    }

    /// <summary>Starts the model; it runs until disposal.</summary>
    /// <returns>Why it did not start; null when it did.</returns>
    public async Task<string?> StartAsync(string name, CancellationToken cancellationToken) =>
        (await _pool.EnsureLoadedAsync(name, cancellationToken).ConfigureAwait(false)).Failure?.Message;

    public async ValueTask DisposeAsync()
    {
        await _pool.DisposeAsync().ConfigureAwait(false);
        _factory.Dispose();
    }
}
