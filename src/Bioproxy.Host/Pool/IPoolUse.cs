namespace Bioproxy.Host.Pool;

/// <summary>What the pool asks about a model before it stops it. Called outside of the pool's lock; must not fail.</summary>
internal interface IPoolUse
{
    /// <summary>
    /// Whether the model is in use in a way that no <see cref="PoolLease"/> stands for. While the pool asks, it grants no lease for the
    /// model. After true the pool does not ask again before <see cref="ModelPool.NotifyIdle"/>.
    /// </summary>
    bool IsBusy(string name);

    /// <summary>See <see cref="Backends.ISwapListener.LeaveSeconds"/>.</summary>
    double LeaveSeconds(string name) => 0;

    /// <summary>Saves what is worth it. The model receives no requests any more.</summary>
    /// <param name="name">The model.</param>
    /// <param name="limit">The pool stops the model after this time in any case.</param>
    /// <param name="cancellationToken">Cancelled when the time is up.</param>
    Task SaveBeforeUnloadAsync(string name, TimeSpan limit, CancellationToken cancellationToken);
}
