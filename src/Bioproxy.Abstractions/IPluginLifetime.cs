namespace Bioproxy.Abstractions;

/// <summary>A plugin's start and stop: work to begin before the first request and to end after the last.</summary>
/// <remarks>
/// Any exported part may implement it; a part that does nothing else is exported with <c>[Export(typeof(IPluginLifetime))]</c>. A plugin
/// must leave nothing running or referenced when it stops (timers, threads, event handlers, static fields), or it stays in memory.
/// Since contract 1.1.
/// </remarks>
public interface IPluginLifetime
{
    /// <summary>Called once, after all parts have been created and before any other call.</summary>
    /// <param name="cancellationToken">Cancelled after ten seconds; the plugin is then not used.</param>
    /// <returns>A task that completes when the plugin is ready. Long work belongs in the background.</returns>
    Task StartAsync(CancellationToken cancellationToken);

    /// <summary>Called once, after the last call has ended: the host stops, or another version takes over.</summary>
    /// <param name="cancellationToken">Cancelled after ten seconds; the host then continues without waiting.</param>
    /// <returns>A task that completes when nothing of the plugin is running.</returns>
    Task StopAsync(CancellationToken cancellationToken);
}
