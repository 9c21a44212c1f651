namespace Bioproxy.Host.Models.Snapshots;

/// <summary>Limits the bytes written within any hour.</summary>
internal sealed class WriteBudget(long perHour, TimeProvider time)
{
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);
    private readonly Lock _lock = new();
    private readonly Queue<(long At, long Bytes)> _writes = new();
    private long _written;

    /// <summary>Whether another number of bytes stays within the limit.</summary>
    public bool Allows(double bytes)
    {
        lock (_lock)
        {
            while (_writes.TryPeek(out var oldest) && time.GetElapsedTime(oldest.At) >= Hour)
                _written -= _writes.Dequeue().Bytes;
            return _written + bytes <= perHour;
        }
    }

    /// <summary>Counts bytes that were written just now.</summary>
    public void Wrote(long bytes)
    {
        lock (_lock)
        {
            _writes.Enqueue((time.GetTimestamp(), bytes));
            _written += bytes;
        }
    }
}
