namespace Bioproxy.Doubles;

/// <summary>
/// Random numbers that are the same on every machine: SplitMix64, and a bell curve made of four uniform numbers (no libm). Each tensor has
/// its own stream, so that its weights do not depend on what was written before it.
/// </summary>
internal sealed class SeededWeights
{
    private ulong _state;

    public SeededWeights(int seed, string name)
    {
        _state = 14695981039346656037UL ^ ((ulong)(uint)seed * 0x9E3779B97F4A7C15UL);
        foreach (var character in name)
            _state = (_state ^ character) * 1099511628211UL;
    }

    /// <summary>Mean 0, standard deviation 1.</summary>
    public float Normal()
    {
        var bits = Next();
        var sum = (bits & 0xFFFF) + ((bits >> 16) & 0xFFFF) + ((bits >> 32) & 0xFFFF) + (bits >> 48);
        return ((sum / 65536f) - 2f) * 1.7320508f;
    }

    /// <summary>From 0 to 1, both included.</summary>
    public float Uniform() => (Next() >> 40) / 16777216f;

    private ulong Next()
    {
        var value = _state += 0x9E3779B97F4A7C15UL;
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9UL;
        value = (value ^ (value >> 27)) * 0x94D049BB133111EBUL;
        return value ^ (value >> 31);
    }
}
