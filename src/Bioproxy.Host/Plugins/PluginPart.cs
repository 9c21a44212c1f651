namespace Bioproxy.Host.Plugins;

/// <summary>An exported part, in a wrapper that can be cut so that the plugin can be unloaded.</summary>
/// <param name="plugin">The plugin's name.</param>
/// <param name="name">The part's name.</param>
/// <param name="order">Its position among the others.</param>
/// <param name="command">The slash command that invokes it; null when it always runs.</param>
internal abstract class PluginPart(string plugin, string name, int order, string? command)
{
    private volatile PluginError? _lastError;
    private long _calls;
    private long _errors;

    public string Plugin { get; } = plugin;

    public string Name { get; } = name;

    public int Order { get; } = order;

    public string? Command { get; } = command;

    /// <summary>The kind of part, for messages.</summary>
    public abstract string What { get; }

    public PluginError? LastError => _lastError;

    public long Calls => Interlocked.Read(ref _calls);

    public long Errors => Interlocked.Read(ref _errors);

    public void Called() => Interlocked.Increment(ref _calls);

    public void Failed(PluginError error)
    {
        Interlocked.Increment(ref _errors);
        _lastError = error;
    }

    public abstract void Cut();

    /// <summary>For status and logs, as in <c>transform: rag (order 0, /rag)</c>.</summary>
    public string Describe() => $"{What}: {Name} (order {Order}{(Command is null ? "" : $", /{Command}")})";

    protected InvalidOperationException Unloaded() => new($"Plugin '{Plugin}' was unloaded.");
}
