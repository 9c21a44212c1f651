using Bioproxy.Host.Plugins;

namespace Bioproxy.Host.Admin;

/// <summary>Plugin operations of the admin port.</summary>
internal sealed class PluginAdmin(PluginManager plugins)
{
    /// <summary>Loads, replaces and removes plugins to match the plugin folders.</summary>
    /// <returns>A JSON document: what changed, and the state of every plugin.</returns>
    public async Task<ReadOnlyMemory<byte>> ReloadAsync(CancellationToken cancellationToken)
    {
        var change = await plugins.ReloadAsync(cancellationToken).ConfigureAwait(false);
        return AdminJson.Document(writer =>
        {
            writer.WriteStrings("loaded", change.Loaded);
            writer.WriteStrings("replaced", change.Replaced);
            writer.WriteStrings("removed", change.Removed);
            writer.WriteStrings("failed", change.Failed);
            PluginView.WriteAll(writer, plugins.Statuses);
        });
    }
}
