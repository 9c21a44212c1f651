using Bioproxy.Host.Backends;
using Bioproxy.Host.Threading;

namespace Bioproxy.Host.Models;

/// <summary>The models that are served, one for every backend; those that are found later are added. They share the snapshots and the
/// fingerprints; what was learned of one server says nothing about another.</summary>
internal sealed class ModelDirectory : IAsyncDisposable
{
    private readonly Lock _lock = new();
    private readonly GrowingList<ServedModel> _own;
    private IReadOnlyList<ServedModel> _others = [];
    private volatile ServedModel[] _all; // replaced, never changed

    public ModelDirectory(BackendDirectory backends, SharedState shared)
        : this([])
    {
        foreach (var backend in backends.Subscribe(Add))
            Add(backend);

        void Add(Backend backend) => _own.Add(new(shared.ContextOf(backend), backend, shared.NewQueue(backend)));
    }

    internal ModelDirectory(IEnumerable<ServedModel> models)
    {
        _own = new GrowingList<ServedModel>(models);
        _all = [.. _own.Subscribe(_ => Join())];
    }

    /// <summary>In the order of the configuration, then in that of their discovery; those of other proxies come last. One that stands for
    /// a server with several models serves nothing itself.</summary>
    public IReadOnlyList<ServedModel> All => _all;

    /// <summary>The model of the first backend.</summary>
    public ServedModel Default => All[0];

    /// <summary>Tells of every model that is added from now on, apart from those of other proxies. Must be quick and must not throw.
    /// </summary>
    /// <returns>Those that are there already.</returns>
    public IReadOnlyList<ServedModel> Subscribe(Action<ServedModel> added) => _own.Subscribe(added);

    /// <summary>Sets the models that only other proxies run: they come and go as these do, and belong to whoever sets them. Nothing is
    /// warmed or saved here for them.</summary>
    public void SetOthers(IReadOnlyList<ServedModel> models)
    {
        lock (_lock)
        {
            _others = models;
            _all = [.. _own.Items, .. models];
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var model in _own.Items)
            await model.DisposeAsync().ConfigureAwait(false);
    }

    private void Join()
    {
        lock (_lock)
            _all = [.. _own.Items, .. _others];
    }
}
