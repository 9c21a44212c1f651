using Bioproxy.Host.Backends;
using Bioproxy.Host.Threading;

namespace Bioproxy.Host.Models;

/// <summary>The models that are served, one for every backend; those that are found later are added. They share the snapshots and the
/// fingerprints; what was learned of one server says nothing about another.</summary>
internal sealed class ModelDirectory : IAsyncDisposable
{
    private readonly GrowingList<ServedModel> _all;

    public ModelDirectory(BackendDirectory backends, SharedState shared)
        : this([])
    {
        foreach (var backend in backends.Subscribe(Add))
            Add(backend);

        void Add(Backend backend) => _all.Add(new(shared.ContextOf(backend), backend, shared.NewQueue(backend)));
    }

    internal ModelDirectory(IEnumerable<ServedModel> models) => _all = new GrowingList<ServedModel>(models);

    /// <summary>In the order of the configuration, then in that of their discovery. One that stands for a server with several models
    /// serves nothing itself.</summary>
    public IReadOnlyList<ServedModel> All => _all.Items;

    /// <summary>The model of the first backend.</summary>
    public ServedModel Default => All[0];

    /// <summary>Tells of every model that is added from now on. Must be quick and must not throw.</summary>
    /// <returns>Those that are there already.</returns>
    public IReadOnlyList<ServedModel> Subscribe(Action<ServedModel> added) => _all.Subscribe(added);

    public async ValueTask DisposeAsync()
    {
        foreach (var model in All)
            await model.DisposeAsync().ConfigureAwait(false);
    }
}
