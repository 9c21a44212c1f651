namespace Bioproxy.Host.Plugins;

/// <summary>A plugin that was replaced or removed, until it has left the memory.</summary>
internal sealed class RetiredPlugin(LoadedPlugin plugin)
{
    private readonly PluginStatus _status = plugin.Status;
    private volatile bool _isUnused;
    private volatile string? _problem;

    /// <summary>The plugin; once unloaded it references none of its code.</summary>
    public LoadedPlugin Plugin { get; } = plugin;

    public bool IsGone => _isUnused && !Plugin.Memory.IsAlive;

    public PluginStatus Status => _status with
    {
        State = _isUnused ? PluginState.UnloadPending : PluginState.Draining,
        Problem = !_isUnused
            ? "Requests that began with it still use it."
            : "No longer in use but still referenced (static field, timer, thread or event handler). "
                + $"It leaves the memory when the reference is released or the proxy stops.{(_problem is null ? "" : " " + _problem)}",
    };

    /// <summary>No request uses it any more.</summary>
    public void Release() => _isUnused = true;

    /// <summary>Its unloading went wrong.</summary>
    public void Failed(string problem) => _problem = problem;
}
