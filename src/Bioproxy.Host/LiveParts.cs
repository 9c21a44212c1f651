using Bioproxy.Host.Admin;
using Bioproxy.Host.Configuration;
using Bioproxy.Host.Models.Snapshots;
using Bioproxy.Host.Plugins;
using Bioproxy.Host.Security;
using Bioproxy.Host.Telemetry;
using Bioproxy.Host.Templates;
using Bioproxy.Host.WarmUp;

namespace Bioproxy.Host;

/// <summary>What takes over a changed configuration while requests run. Everything else reads <see cref="LiveOptions"/> when it needs a
/// value.</summary>
internal sealed class LiveParts(
    TemplateLibrary templates,
    SnapshotStore snapshots,
    PluginManager plugins,
    KeyRing keys,
    AdminGuard guard,
    LogLevelSwitch levels,
    WarmUpScheduler warmUps)
{
    /// <summary>Takes over what may be refused.</summary>
    /// <returns>Why it is; nothing has changed then.</returns>
    public Task<IReadOnlyList<string>> TryAsync(ProxyOptions next, CancellationToken cancellationToken) =>
        templates.UseAsync(next, cancellationToken);

    /// <summary>Takes over the rest, once <see cref="LiveOptions"/> has it.</summary>
    public async Task UseAsync(ProxyOptions next, CancellationToken cancellationToken)
    {
        keys.Use(next.ApiKeys);
        guard.Use(next.AdminKey);
        levels.Level = next.LogLevel;
        snapshots.Triggers = next.Prefixes.Select(static prefix => prefix.Key).ToHashSet();
        await plugins.ReloadAsync(cancellationToken).ConfigureAwait(false);
        warmUps.Poke();
    }
}
