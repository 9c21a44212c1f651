namespace Bioproxy.Host.Admin;

/// <summary>The operations of the admin port.</summary>
/// <param name="Kv">On snapshots.</param>
/// <param name="Plugins">On plugins.</param>
/// <param name="Models">On models.</param>
internal sealed record AdminOperations(KvAdmin Kv, PluginAdmin Plugins, ModelAdmin Models);
