namespace Bioproxy.Host.Backends;

/// <summary>The configured backends, in the order of the file.</summary>
internal sealed class BackendDirectory(IEnumerable<Backend> backends) : IDisposable
{
    private readonly Backend[] _all = [.. backends];

    public IReadOnlyList<Backend> All => _all;

    /// <summary>The first one: what names no other goes there.</summary>
    public Backend Default => _all[0];

    public void Dispose()
    {
        foreach (var backend in _all)
            backend.Dispose();
    }
}
