namespace Bioproxy.Host.Plugins;

/// <summary>What a look at the plugin folders changed, by plugin name.</summary>
/// <param name="Loaded">New ones.</param>
/// <param name="Replaced">Another version of what was there.</param>
/// <param name="Removed">Gone.</param>
/// <param name="Failed">Could not be loaded; what was in use under the name stays.</param>
internal sealed record PluginChange(IReadOnlyList<string> Loaded, IReadOnlyList<string> Replaced, IReadOnlyList<string> Removed, IReadOnlyList<string> Failed)
{
    public static PluginChange None { get; } = new([], [], [], []);

    public bool IsNone => Loaded.Count + Replaced.Count + Removed.Count + Failed.Count == 0;
}
