namespace Bioproxy.Abstractions;

/// <summary>Work of a plugin besides its calls: something to begin before the first request, and to end after the last.</summary>
/// <remarks>
/// Any exported part may implement it; a part that does nothing else is exported with <c>[Export(typeof(IPluginLifetime))]</c>. A plugin
/// must leave nothing behind when it stops: no timer, thread, event handler or static reference, or it stays in memory ("unload pending").
/// Since contract 1.1.
/// </remarks>
public interface IPluginLifetime
{
    /// <summary>Called once, after all parts are made and before any other call.</summary>
    /// <param name="cancellationToken">Cancelled after ten seconds: then the plugin is not used.</param>
    /// <returns>A task that completes when the plugin can work. Long work goes on in the background.</returns>
    Task StartAsync(CancellationToken cancellationToken);

    /// <summary>Called once, when no call is running any more and none will come: the host stops, or another version takes over.</summary>
    /// <param name="cancellationToken">Cancelled after ten seconds: then the host goes on without waiting.</param>
    /// <returns>A task that completes when nothing of the plugin runs any more.</returns>
    Task StopAsync(CancellationToken cancellationToken);
}
