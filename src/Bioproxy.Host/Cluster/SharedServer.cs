using Bioproxy.Cluster;
using Bioproxy.Cluster.Messages;
using Bioproxy.Host.Backends;
using Bioproxy.Host.Models;

namespace Bioproxy.Host.Cluster;

/// <summary>A server that the proxies of a cluster share. One of them owns it, with all its models: they take each other's room, so that
/// one gate and one set of queues has to stand before them.</summary>
/// <param name="name">What all proxies call it.</param>
/// <param name="proxy">This proxy's name.</param>
/// <param name="link">The way to its owner.</param>
internal sealed class SharedServer(string name, string proxy, IServerLink link)
{
    private readonly Lock _lock = new();
    private readonly List<ServedModel> _models = [];
    private volatile ServerOwner? _owner;

    public string Name => name;

    public string Proxy => proxy;

    public IServerLink Link => link;

    /// <summary>The models that this proxy starts itself, all of them: they take each other's room. Whoever owns the servers of a
    /// configuration changes; nobody but this proxy has these, and it schedules them whether others can ask it or not.</summary>
    public bool IsPool { get; init; }

    /// <summary>This proxy schedules it.</summary>
    public bool IsOwned => _owner is not null;

    /// <summary>The proxy that does; null while that is not known.</summary>
    public string? OwnerName => IsOwned ? proxy : link.Owner;

    /// <summary>How busy it is, as its owner knows.</summary>
    public ServerLoad Load
    {
        get
        {
            var (slots, busy, waiting) = (0, 0, 0);
            foreach (var model in Models().Where(static model => !model.IsServer))
            {
                var (seen, queue) = (model.Current.Table.View(), model.Queue.View);
                waiting += queue.UsersWaiting;
                slots += seen.Count > 0 ? seen.Count : model.Current.State.Status == BackendStatus.Ready ? queue.Capacity : 0;
                busy += seen.Count > 0 ? seen.Count(static slot => slot.IsBusy) : queue.Used;
            }

            return new ServerLoad(name, slots, busy, waiting);
        }
    }

    public void Add(ServedModel model)
    {
        lock (_lock)
            _models.Add(model);
    }

    /// <param name="model">What the server calls it; null for the only one.</param>
    public ServedModel? ModelOf(string? model)
    {
        lock (_lock)
            return _models.Find(one => NameOf(one) == model && !one.IsServer);
    }

    /// <summary>The model of a turn that another proxy holds; null when this proxy has granted none, or it has ended.</summary>
    public ServedModel? ModelOf(Guid turn) => _owner?.ModelOf(turn);

    /// <summary>This proxy owns it from now on. An owner before this one has given it up, or is cut off.</summary>
    public void Take(ServerOwner owner)
    {
        _owner = owner;
        OwnershipChanged();
    }

    /// <summary>This proxy does not own it any more, unless it has been made the owner again meanwhile.</summary>
    public void GiveUp(ServerOwner owner)
    {
        if (!ReferenceEquals(Interlocked.CompareExchange(ref _owner, null, owner), owner))
            return;
        OwnershipChanged();
    }

    /// <summary>Whether another proxy may schedule it without a loss: nothing waits or runs, and what its slots hold has been
    /// saved.</summary>
    public async Task<bool> TrySettleAsync(CancellationToken cancellationToken)
    {
        var models = Models();
        if (!IsOwned || models.Any(static model => model.IsBusy))
            return false;
        await Task.WhenAll(models.Select(model => model.SaveAllAsync("before another proxy schedules it", cancellationToken)))
            .ConfigureAwait(false);
        return IsOwned && !models.Any(static model => model.IsBusy);
    }

    private ServedModel[] Models()
    {
        lock (_lock)
            return [.. _models];
    }

    /// <summary>What a turn calls the model.</summary>
    private string? NameOf(ServedModel model) => IsPool ? model.Backend.Options.Name : model.Backend.Model;

    private void OwnershipChanged()
    {
        if (IsPool)
            return; // what is known of their slots stays true
        foreach (var model in Models())
            model.OwnershipChanged();
    }
}
