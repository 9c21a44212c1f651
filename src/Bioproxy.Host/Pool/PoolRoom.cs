using Bioproxy.Host.Configuration;

namespace Bioproxy.Host.Pool;

/// <summary>The pool's budget, and what of it is taken. A model whose memory is not known takes all memory: it is loaded alone.</summary>
internal sealed class PoolRoom
{
    private readonly PoolOptions _options;
    private readonly HashSet<PoolEntry> _taken;

    public PoolRoom(PoolOptions options, IEnumerable<PoolEntry> taken)
    {
        _options = options;
        _taken = [.. taken];
    }

    public static long NeededBy(PoolEntry entry, long memory) => entry.Memory ?? memory;

    public bool Fits(PoolEntry entry)
    {
        if (_taken.Count >= _options.MaxLoaded)
            return false;
        return _options.Memory is not { } memory
            || NeededBy(entry, memory) + _taken.Sum(other => NeededBy(other, memory)) <= memory;
    }

    public void Take(PoolEntry entry) => _taken.Add(entry);

    public void Give(PoolEntry entry) => _taken.Remove(entry);

    public PoolRoom Copy() => new(_options, _taken);
}
