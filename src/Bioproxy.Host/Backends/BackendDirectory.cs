using System.Collections.Frozen;

namespace Bioproxy.Host.Backends;

/// <summary>The configured backends by name. What a request reads is an immutable map.</summary>
internal sealed class BackendDirectory(IEnumerable<Backend> backends) : IDisposable
{
    private readonly FrozenDictionary<string, Backend> _byName = backends.ToFrozenDictionary(b => b.Name, StringComparer.Ordinal);

    public IReadOnlyCollection<Backend> All => _byName.Values;

    /// <summary>The backend of <c>backend_url</c>.</summary>
    public Backend Default => _byName[Backend.DefaultName];

    public void Dispose()
    {
        foreach (var backend in _byName.Values)
            backend.Dispose();
    }
}
