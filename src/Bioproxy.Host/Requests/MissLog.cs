using Bioproxy.Host.Prompts;

namespace Bioproxy.Host.Requests;

/// <summary>The misses since the start, summed up by client and cause, and the last ones. In memory only, and within bounds.</summary>
internal sealed class MissLog
{
    /// <summary>For clients beyond the bounds: a program may make names up.</summary>
    public const string Others = "(others)";

    private const int Kept = 100;
    private const int MaxSums = 512;
    private readonly Lock _lock = new();
    private readonly Queue<Miss> _last = new();
    private readonly Dictionary<(string, string?, MissCause, string?), MissSum> _sums = [];

    public void Add(Miss miss)
    {
        var (cause, rule) = (miss.Difference.Cause, miss.Difference.Rule);
        lock (_lock)
        {
            _last.Enqueue(miss);
            if (_last.Count > Kept)
                _last.Dequeue();
            var key = (miss.Client, miss.Domain, cause, rule);
            if (_sums.Count >= MaxSums && !_sums.ContainsKey(key))
                key = (Others, null, cause, rule);
            _sums[key] = _sums.GetValueOrDefault(key, new MissSum(key.Item1, key.Item2, cause, rule)).With(miss);
        }
    }

    /// <summary>The sums, the costliest first, and the last misses, the newest first.</summary>
    public (IReadOnlyList<MissSum> Sums, IReadOnlyList<Miss> Last) Read()
    {
        lock (_lock)
            return ([.. _sums.Values.OrderByDescending(static sum => sum.Seconds)], [.. _last.Reverse()]);
    }
}
