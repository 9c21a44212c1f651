namespace Bioproxy.Host.Plugins;

/// <summary>A failed call of a plugin as text; the exception object would keep the plugin from being unloaded.</summary>
internal sealed record PluginError(DateTimeOffset At, string Export, string Message);
