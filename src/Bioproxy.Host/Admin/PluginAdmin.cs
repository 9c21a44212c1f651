using Bioproxy.Host.Plugins;

namespace Bioproxy.Host.Admin;

/// <summary>What an operator may do with plugins while the proxy runs.</summary>
internal sealed class PluginAdmin(Func<CancellationToken, Task<PluginChange>> reload, Func<IReadOnlyList<PluginStatus>> statuses)
{
    /// <summary>Takes over what lies in the plugin folders now.</summary>
    /// <returns>A JSON document: what changed, and the state of every plugin.</returns>
    public async Task<ReadOnlyMemory<byte>> ReloadAsync(CancellationToken cancellationToken)
    {
        var change = await reload(cancellationToken).ConfigureAwait(false);
        return AdminJson.Document(writer =>
        {
            writer.WriteStrings("loaded", change.Loaded);
            writer.WriteStrings("replaced", change.Replaced);
            writer.WriteStrings("removed", change.Removed);
            writer.WriteStrings("failed", change.Failed);
            PluginView.WriteAll(writer, statuses());
        });
    }
}
