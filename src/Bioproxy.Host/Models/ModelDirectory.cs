using System.Collections.Immutable;
using Bioproxy.Host.Backends;

namespace Bioproxy.Host.Models;

/// <summary>The models that are served, one for every backend; those that are found later are added. They share the snapshots and the
/// fingerprints; what was learned of one server says nothing about another.</summary>
internal sealed class ModelDirectory : IAsyncDisposable
{
    private readonly Lock _lock = new();
    private ImmutableArray<ServedModel> _all = [];
    private Action<ServedModel>? _added;

    public ModelDirectory(BackendDirectory backends, SharedState shared)
    {
        foreach (var backend in backends.Subscribe(backend => Add(Serve(backend, shared))))
            Add(Serve(backend, shared));
    }

    internal ModelDirectory(IEnumerable<ServedModel> models) => _all = [.. models];

    /// <summary>In the order of the configuration, then in that of their discovery. One that stands for a server with several models
    /// serves nothing itself.</summary>
    public IReadOnlyList<ServedModel> All => _all;

    /// <summary>The model of the first backend.</summary>
    public ServedModel Default => _all[0];

    /// <summary>Tells of every model that is added from now on. Must be quick and must not throw.</summary>
    /// <returns>Those that are there already.</returns>
    public IReadOnlyList<ServedModel> Subscribe(Action<ServedModel> added)
    {
        lock (_lock)
        {
            _added += added;
            return _all;
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var model in _all)
            await model.DisposeAsync().ConfigureAwait(false);
    }

    private static ServedModel Serve(Backend backend, SharedState shared) =>
        new(shared.ContextOf(backend), backend, shared.NewQueue(backend));

    private void Add(ServedModel model)
    {
        Action<ServedModel>? added;
        lock (_lock)
        {
            _all = _all.Add(model);
            added = _added;
        }

        added?.Invoke(model);
    }
}
