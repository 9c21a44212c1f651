namespace Bioproxy.Host.Plugins;

/// <summary>A failed call of a plugin's part, in words only: the exception itself would keep the plugin from being unloaded.</summary>
/// <param name="Plugin">The plugin's name.</param>
/// <param name="Part">The part's name.</param>
/// <param name="Kind">How it failed.</param>
/// <param name="Message">One sentence for the client; it names the plugin and the part.</param>
internal sealed record PluginFailure(string Plugin, string Part, PluginFailureKind Kind, string Message);
