namespace Bioproxy.Host.Plugins;

/// <summary>A plugin that was replaced or removed, until it has left the memory.</summary>
internal sealed class RetiredPlugin(LoadedPlugin plugin)
{
    private readonly PluginStatus _status = plugin.Status;
    private volatile WeakReference? _context;

    /// <summary>The plugin; once unloaded it holds nothing of its code.</summary>
    public LoadedPlugin Plugin { get; } = plugin;

    /// <summary>What is left of it, once it was asked to unload.</summary>
    public WeakReference? Context
    {
        set => _context = value;
    }

    /// <summary>It was asked to unload, and nothing of it is left.</summary>
    public bool IsGone => _context is { IsAlive: false };

    public PluginStatus Status => _status with
    {
        State = _context is null ? PluginState.Draining : PluginState.UnloadPending,
        Problem = _context is null
            ? "Requests that began with it still use it."
            : "Nobody uses it, but something holds on to it: a static reference, a timer, a thread or an event handler of its own. It leaves the memory when that lets go, or when the proxy ends.",
    };
}
