namespace Bioproxy.Host.Pool;

/// <summary>Keeps a model loaded: it is not stopped, save by a crash or the end of the pool, before the lease is disposed.</summary>
internal sealed class PoolLease : IDisposable
{
    private Action? _release;

    public PoolLease(string name, Uri address, Action release)
    {
        Name = name;
        Address = address;
        _release = release;
    }

    public string Name { get; }

    /// <summary>Where the model answers requests.</summary>
    public Uri Address { get; }

    public void Dispose() => Interlocked.Exchange(ref _release, null)?.Invoke();
}
