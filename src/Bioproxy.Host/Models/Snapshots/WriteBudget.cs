namespace Bioproxy.Host.Models.Snapshots;

/// <summary>How many bytes may still be written within the hour that ends now.</summary>
internal sealed class WriteBudget(long perHour, TimeProvider time)
{
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);
    private readonly Lock _lock = new();
    private readonly Queue<(long At, long Bytes)> _writes = new();
    private long _written;

    public bool Allows(double bytes)
    {
        lock (_lock)
        {
            while (_writes.TryPeek(out var oldest) && time.GetElapsedTime(oldest.At) >= Hour)
                _written -= _writes.Dequeue().Bytes;
            return _written + bytes <= perHour;
        }
    }

    public void Wrote(long bytes)
    {
        lock (_lock)
        {
            _writes.Enqueue((time.GetTimestamp(), bytes));
            _written += bytes;
        }
    }
}
