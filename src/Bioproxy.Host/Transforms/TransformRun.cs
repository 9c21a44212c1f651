using Bioproxy.Host.Plugins;

namespace Bioproxy.Host.Transforms;

/// <summary>
/// Where one request is in its chain. The chain works on one thread and whoever waits for it may give up on another; exactly one of the two
/// has the last word, so that a call is counted once and blamed on the right plugin.
/// </summary>
internal sealed class TransformRun(PluginPart first)
{
    private readonly Lock _lock = new();
    private PluginPart _current = first;
    private long? _started;
    private bool _over;

    /// <summary>A call begins.</summary>
    /// <returns>False when nobody waits for it any more.</returns>
    public bool Begin(PluginPart part, long timestamp)
    {
        lock (_lock)
        {
            _current = part;
            _started = timestamp;
            return !_over;
        }
    }

    /// <summary>A call ended, and with it the chain when it was the <paramref name="last"/>.</summary>
    /// <returns>False when nobody waits for it any more.</returns>
    public bool End(bool last)
    {
        lock (_lock)
        {
            var waitedFor = !_over;
            _over |= last;
            return waitedFor;
        }
    }

    /// <summary>Stops waiting.</summary>
    /// <param name="culprit">The transform that was running, and since when; without a time none has been reached yet.</param>
    /// <returns>False when the chain has ended just now and its result counts.</returns>
    public bool TryAbandon(out (PluginPart Part, long? Started) culprit)
    {
        lock (_lock)
        {
            culprit = (_current, _started);
            var abandoned = !_over;
            _over = true;
            return abandoned;
        }
    }
}
