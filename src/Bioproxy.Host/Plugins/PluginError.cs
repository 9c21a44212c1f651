namespace Bioproxy.Host.Plugins;

/// <summary>A failed call of a plugin, in words only: the exception itself would keep the plugin from being unloaded.</summary>
internal sealed record PluginError(DateTimeOffset At, string Export, string Message);
