namespace Bioproxy.Host.Plugins;

/// <summary>What a check of the plugin folders changed, by plugin name.</summary>
/// <param name="Loaded">New plugins.</param>
/// <param name="Replaced">Plugins of which another version is used now.</param>
/// <param name="Removed">Plugins that are gone.</param>
/// <param name="Failed">Plugins that could not be loaded; the version that was in use stays.</param>
internal sealed record PluginChange(
    IReadOnlyList<string> Loaded, IReadOnlyList<string> Replaced, IReadOnlyList<string> Removed, IReadOnlyList<string> Failed)
{
    public static PluginChange None { get; } = new([], [], [], []);

    public bool IsNone => Loaded.Count + Replaced.Count + Removed.Count + Failed.Count == 0;

    /// <summary>For the log: <c>+new, *replaced, -removed, !failed</c>.</summary>
    public override string ToString() => string.Join(
        ", ",
        Loaded.Select(name => "+" + name)
            .Concat(Replaced.Select(name => "*" + name))
            .Concat(Removed.Select(name => "-" + name))
            .Concat(Failed.Select(name => "!" + name)));
}
