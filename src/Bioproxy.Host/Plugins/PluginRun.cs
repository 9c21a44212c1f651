namespace Bioproxy.Host.Plugins;

/// <summary>
/// Which plugin code a request is in, and since when. The code runs on one thread, and another one may give it up; exactly one of the two
/// has the last word, so that a call is counted once and the right part is blamed.
/// </summary>
/// <param name="first">The part that is blamed when no thread was free to begin with it.</param>
internal sealed class PluginRun(PluginPart first)
{
    private readonly Lock _lock = new();
    private PluginPart _current = first;
    private long? _started;
    private bool _isInside;
    private bool _isOver;

    /// <summary>The newest part that was begun with.</summary>
    public PluginPart Current
    {
        get
        {
            lock (_lock)
                return _current;
        }
    }

    /// <summary>A call begins.</summary>
    /// <returns>False when the run was abandoned: the call must not be made.</returns>
    public bool Begin(PluginPart part, long timestamp)
    {
        lock (_lock)
        {
            if (_isOver)
                return false;
            _current = part;
            _started = timestamp;
            _isInside = true;
            return true;
        }
    }

    /// <summary>A call ended, and with it the run when it was the <paramref name="last"/>.</summary>
    /// <returns>False when the run was abandoned: the call's result does not count.</returns>
    public bool End(bool last)
    {
        lock (_lock)
        {
            var counts = !_isOver;
            _isOver |= last;
            _isInside = false;
            return counts;
        }
    }

    /// <summary>Abandons the run.</summary>
    /// <param name="culprit">The part that was running, and since when; without a time when not even the first part was begun with.</param>
    /// <returns>False when the run has just ended and its result counts.</returns>
    public bool TryAbandon(out (PluginPart Part, long? Started) culprit)
    {
        lock (_lock)
        {
            culprit = (_current, _started);
            var abandoned = !_isOver;
            _isOver = true;
            return abandoned;
        }
    }

    /// <summary>Abandons the run if one call in it takes longer than a limit.</summary>
    /// <returns>The part to blame; null when there is none.</returns>
    public PluginPart? AbandonIfStuck(TimeSpan limit, TimeProvider time)
    {
        lock (_lock)
        {
            if (_isOver || !_isInside || time.GetElapsedTime(_started!.Value) < limit)
                return null;
            _isOver = true;
            return _current;
        }
    }
}
