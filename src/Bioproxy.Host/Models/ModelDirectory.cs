using Bioproxy.Host.Backends;

namespace Bioproxy.Host.Models;

/// <summary>The models that are served, one for every backend. They share the snapshots and the fingerprints; what was learned of one
/// server says nothing about another.</summary>
internal sealed class ModelDirectory : IAsyncDisposable
{
    private readonly ServedModel[] _all;

    public ModelDirectory(BackendDirectory backends, SharedState shared)
        : this(backends.All.Select(backend => new ServedModel(shared.ContextOf(backend), backend, shared.NewQueue(backend))))
    {
    }

    internal ModelDirectory(IEnumerable<ServedModel> models) => _all = [.. models];

    /// <summary>In the order of the configuration.</summary>
    public IReadOnlyList<ServedModel> All => _all;

    /// <summary>The model of the first backend.</summary>
    public ServedModel Default => _all[0];

    public async ValueTask DisposeAsync()
    {
        foreach (var model in _all)
            await model.DisposeAsync().ConfigureAwait(false);
    }
}
