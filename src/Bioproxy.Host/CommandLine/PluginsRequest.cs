namespace Bioproxy.Host.CommandLine;

/// <summary>An operation on plugins.</summary>
/// <param name="Action">list or check.</param>
/// <param name="Path">What to check: a plugin's folder, its single DLL, or a folder of plugins; null for a list.</param>
internal sealed record PluginsRequest(string Action, string? Path = null);
