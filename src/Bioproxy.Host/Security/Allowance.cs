namespace Bioproxy.Host.Security;

/// <summary>So much per minute: it fills up steadily, and a minute's worth may be used at once. What is known only afterwards may overdraw
/// it; then nothing is admitted until that has been made up for.</summary>
internal sealed class Allowance(long perMinute, TimeProvider time)
{
    private readonly double _perSecond = perMinute / 60.0;
    private readonly Lock _lock = new();
    private double _left = perMinute;
    private long _at = time.GetTimestamp();

    /// <summary>Takes from it.</summary>
    /// <returns>Null when there was enough; otherwise the time until there is.</returns>
    public TimeSpan? Take(long amount)
    {
        lock (_lock)
        {
            Fill_NeedsLock();
            if (_left < 1)
                return TimeSpan.FromSeconds((1 - _left) / _perSecond);
            _left -= amount;
            return null;
        }
    }

    /// <summary>Takes what has been used already, even if it is more than there is.</summary>
    public void Spend(long amount)
    {
        lock (_lock)
        {
            Fill_NeedsLock();
            _left -= amount;
        }
    }

    private void Fill_NeedsLock()
    {
        var now = time.GetTimestamp();
        _left = Math.Min(perMinute, _left + (time.GetElapsedTime(_at, now).TotalSeconds * _perSecond));
        _at = now;
    }
}
