namespace Bioproxy.Host.Cluster.Pools;

/// <summary>Whether another proxy is there: what waits for it stops waiting when it leaves. It may come back.</summary>
internal sealed class Presence
{
    private volatile CancellationTokenSource _stay = new();

    public bool IsThere => !_stay.IsCancellationRequested;

    /// <summary>Cancelled when this stay ends.</summary>
    public CancellationToken Gone => _stay.Token;

    /// <summary>The callbacks of those that wait run on the thread pool.</summary>
    public void Leave() => _ = _stay.CancelAsync();

    public void Return()
    {
        if (!IsThere)
            _stay = new CancellationTokenSource();
    }
}
