namespace Bioproxy.Host.Pool;

/// <summary>The last lines that a model's servers wrote; older ones are dropped. Outlives each server. Thread-safe.</summary>
internal sealed class ModelLog
{
    private const int Capacity = 500;
    private const int LongestLine = 2000;

    private readonly Lock _lock = new();
    private readonly Queue<string> _lines = new(Capacity);

    public IReadOnlyList<string> Lines
    {
        get
        {
            lock (_lock)
                return [.. _lines];
        }
    }

    public void Add(string line)
    {
        var kept = line.Length <= LongestLine ? line : string.Concat(line.AsSpan(0, LongestLine), "…");
        lock (_lock)
        {
            if (_lines.Count == Capacity)
                _lines.Dequeue();
            _lines.Enqueue(kept);
        }
    }
}
