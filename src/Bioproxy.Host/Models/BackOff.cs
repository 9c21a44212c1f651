namespace Bioproxy.Host.Models;

/// <summary>Growing pauses after failures: one second after the first, twice as long after each further one, a minute at most.</summary>
internal sealed class BackOff(TimeProvider time)
{
    private static readonly TimeSpan First = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();
    private TimeSpan _pause;
    private long _failed;

    /// <summary>It failed so recently that it is left out.</summary>
    public bool IsOn
    {
        get
        {
            lock (_lock)
                return _pause > TimeSpan.Zero && time.GetElapsedTime(_failed) < _pause;
        }
    }

    /// <summary>A request has ended.</summary>
    /// <param name="failed">The server could not be reached, or failed on it.</param>
    public void Record(bool failed)
    {
        lock (_lock)
        {
            if (!failed)
            {
                _pause = TimeSpan.Zero;
                return;
            }

            var next = _pause == TimeSpan.Zero ? First : _pause * 2;
            (_pause, _failed) = (next < Longest ? next : Longest, time.GetTimestamp());
        }
    }
}
