using System.IO.Pipelines;

namespace Bioproxy.Host.Http;

/// <summary>Ends the reading of a request body when the client pauses for too long. Needed only where a read has to wait.</summary>
internal sealed class ReadPause(PipeReader reader, TimeSpan limit, TimeProvider time) : IDisposable
{
    private ITimer? _timer;
    private long _since;
    private bool _isWaiting;

    /// <summary>A read has to wait.</summary>
    public void Begin()
    {
        _since = time.GetTimestamp();
        _isWaiting = true;
        if (_timer is null)
            _timer = time.CreateTimer(static body => ((PipeReader)body!).CancelPendingRead(), reader, limit, Timeout.InfiniteTimeSpan);
        else
            _timer.Change(limit, Timeout.InfiniteTimeSpan);
    }

    /// <summary>The read has returned.</summary>
    /// <returns>Whether it returned because the client paused for too long.</returns>
    public bool End(in ReadResult read)
    {
        // A timer that fires when the bytes are there already cancels a later read, which must not count.
        var isOver = read.IsCanceled && read.Buffer.IsEmpty && _isWaiting && time.GetElapsedTime(_since) >= limit;
        _isWaiting = false;
        _timer?.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        return isOver;
    }

    public void Dispose() => _timer?.Dispose();
}
