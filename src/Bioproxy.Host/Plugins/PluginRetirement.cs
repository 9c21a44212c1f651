using Bioproxy.Host.Threading;
using Microsoft.Extensions.Logging;

namespace Bioproxy.Host.Plugins;

/// <summary>Stops and unloads plugins that were replaced or removed, in the background: their code may block.</summary>
internal sealed partial class PluginRetirement(TimeProvider time, ILogger logger) : IDisposable
{
    private readonly Lock _lock = new();
    private readonly List<RetiredPlugin> _retired = [];
    private readonly List<(string Plugin, Task Task)> _running = [];
    private readonly CancellationTokenSource _noTimeLeft = new(Timeout.InfiniteTimeSpan, time);

    /// <summary>The status of each plugin that has not left the memory yet.</summary>
    public IReadOnlyList<PluginStatus> Statuses
    {
        get
        {
            lock (_lock)
            {
                _retired.RemoveAll(plugin => plugin.IsGone);
                return [.. _retired.Select(plugin => plugin.Status)];
            }
        }
    }

    /// <summary>A plugin was replaced or removed; requests may still use it.</summary>
    public void Add(LoadedPlugin plugin)
    {
        lock (_lock)
            _retired.Add(new RetiredPlugin(plugin));
    }

    /// <summary>No request uses the plugin any more.</summary>
    public void Begin(LoadedPlugin plugin)
    {
        var name = plugin.Status.Name;
        var task = Task.Run(() => RetireAsync(plugin));
        lock (_lock)
        {
            _running.RemoveAll(running => running.Task.IsCompleted);
            _running.Add((name, task));
        }
    }

    /// <summary>Waits for what has begun, as long as the process has time for it.</summary>
    /// <param name="limit">When it passes, the plugins' stop is cancelled; what still runs a second later is abandoned.</param>
    public async Task EndAsync(TimeSpan limit)
    {
        _noTimeLeft.CancelAfter(limit);
        List<(string Plugin, Task Task)> running;
        lock (_lock)
            running = [.. _running];
        var all = Task.WhenAll(running.Select(one => one.Task));
        if (!await all.EndsWithinAsync(limit + TimeSpan.FromSeconds(1), time).ConfigureAwait(false))
            LogAbandoned(string.Join(", ", running.Where(one => !one.Task.IsCompleted).Select(one => one.Plugin)));
    }

    public void Dispose() => _noTimeLeft.Dispose();

    private async Task RetireAsync(LoadedPlugin plugin)
    {
        var status = plugin.Status;
        foreach (var problem in await plugin.StopAsync(_noTimeLeft.Token).ConfigureAwait(false))
            LogStopFailed(status.Name, problem);
        RetiredPlugin? retired;
        lock (_lock)
            retired = _retired.Find(other => other.Plugin == plugin);
        retired?.Release();
        if (await plugin.UnloadAsync().ConfigureAwait(false) is { } failure)
        {
            retired?.Failed(failure);
            LogStopFailed(status.Name, failure);
        }

        if (retired is null)
            return; // the process ends
        if (await PluginMemory.IsReleasedAsync(plugin.Memory).ConfigureAwait(false))
            LogUnloaded(status.Name, status.Version);
        else
            LogPending(status.Name, status.Version);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Plugin '{Plugin}' did not stop cleanly. {Problem}")]
    private partial void LogStopFailed(string plugin, string problem);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Plugin '{Plugin}' {Version}: unload pending, it is still referenced.")]
    private partial void LogPending(string plugin, string? version);

    [LoggerMessage(Level = LogLevel.Debug, Message = "Plugin '{Plugin}' {Version} was unloaded")]
    private partial void LogUnloaded(string plugin, string? version);

    [LoggerMessage(Level = LogLevel.Warning, Message = "These plugins did not stop in time and are abandoned: {Plugins}")]
    private partial void LogAbandoned(string plugins);
}
