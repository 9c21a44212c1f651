using System.Runtime.CompilerServices;
using Bioproxy.Host.Configuration;
using Microsoft.Extensions.Logging;

namespace Bioproxy.Host.Plugins;

/// <summary>
/// Keeps the plugins in use what lies in the folders. A change is taken over as a new generation: what changed is loaded completely beside the
/// old, then requests begin with the new generation, and the old plugins end with the last request that began with them. What cannot be loaded
/// changes nothing but a status. Folders are looked at, not listened to: that works on every file system, and a copy that takes seconds is
/// simply not finished as long as it looks different at every look.
/// </summary>
internal sealed partial class PluginManager : IAsyncDisposable
{
    private readonly PluginLoader _loader;
    private readonly ProxyOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger<PluginManager> _logger;
    private readonly SemaphoreSlim _changing = new(1, 1);
    private readonly Lock _lock = new();
    private readonly List<RetiredPlugin> _retired = [];
    private readonly List<Task> _retirements = [];
    private Dictionary<string, string> _seen = new(StringComparer.Ordinal);
    private List<Place> _places = [];
    private volatile PluginSet _current = new([]);

    public PluginManager(PluginLoader loader, ProxyOptions options, TimeProvider time, ILogger<PluginManager> logger)
    {
        _loader = loader;
        _options = options;
        _time = time;
        _logger = logger;
    }

    /// <summary>Called with each new generation before requests begin with it: engines go to the templates.</summary>
    public Action<PluginSet>? Changing { get; set; }

    /// <summary>Called when requests begin with a new generation.</summary>
    public Action? Changed { get; set; }

    /// <summary>Of all plugins found, and of those that have not left the memory yet.</summary>
    public IReadOnlyList<PluginStatus> Statuses
    {
        get
        {
            lock (_lock)
            {
                _retired.RemoveAll(plugin => plugin.IsGone);
                return [.. _current.Statuses, .. _retired.Select(plugin => plugin.Status)];
            }
        }
    }

    /// <summary>The generation in use, pinned: whoever asks must let it go with <see cref="PluginSet.Unpin"/>.</summary>
    public PluginSet Pin()
    {
        while (true)
        {
            var current = _current;
            if (current.TryPin())
                return current;
        }
    }

    /// <summary>Loads what lies there, at the start.</summary>
    public void Load() => Task.Run(() => ReloadAsync(CancellationToken.None)).GetAwaiter().GetResult();

    /// <summary>Looks at the folders now, and takes over what changed. What could not be loaded is tried again: what it lacked may be there now.</summary>
    public Task<PluginChange> ReloadAsync(CancellationToken cancellationToken) => LookAsync(_ => true, retriesFailed: true, cancellationToken);

    /// <summary>Looks at the folders now and then. What changed is taken over once it has looked the same twice.</summary>
    public async Task RunAsync(CancellationToken stopping)
    {
        if (_options.PluginCheckInterval <= TimeSpan.Zero)
            return;
        lock (_lock)
            _seen = _places.ToDictionary(place => place.Status.Path, place => place.Fingerprint, StringComparer.Ordinal);
        while (!stopping.IsCancellationRequested)
        {
            await Task.Delay(_options.PluginCheckInterval, _time, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (stopping.IsCancellationRequested)
                return;
            try
            {
                var before = _seen;
                _seen = _loader.Find(_loader.Directories).ToDictionary(found => found.Candidate.Path, found => found.Disabled is null ? PluginFingerprint.Of(found.Candidate) : Place.NotLooked, StringComparer.Ordinal);
                if (IsChanged(_seen))
                    await LookAsync(path => before.GetValueOrDefault(path) == _seen.GetValueOrDefault(path), retriesFailed: false, stopping).ConfigureAwait(false);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                LogLookFailed(e); // the fence of a background loop; the next look is a second away
            }
        }
    }

    /// <summary>Ends all plugins. No request may be running any more.</summary>
    public async ValueTask DisposeAsync()
    {
        await _changing.WaitAsync().ConfigureAwait(false);
        var last = _current;
        _current = new PluginSet([]);
        last.Unpin();
        Task[] retirements;
        lock (_lock)
            retirements = [.. _retirements];
        await Task.WhenAll(retirements).ConfigureAwait(false);
    }

    private bool IsChanged(Dictionary<string, string> seen)
    {
        lock (_lock)
            return seen.Count != _places.Count || _places.Exists(place => seen.GetValueOrDefault(place.Status.Path) != place.Fingerprint);
    }

    /// <param name="isSettled">Whether what lies at a path may be taken over: it has come to rest.</param>
    /// <param name="retriesFailed">Whether what could not be loaded is tried again though its files are the same.</param>
    /// <param name="cancellationToken">Stops before the next plugin.</param>
    private async Task<PluginChange> LookAsync(Func<string, bool> isSettled, bool retriesFailed, CancellationToken cancellationToken)
    {
        await _changing.WaitAsync(cancellationToken).ConfigureAwait(false);
        var places = new List<Place>();
        var old = _places;
        try
        {
            var (loaded, replaced, removed, failed) = (new List<string>(), new List<string>(), new List<string>(), new List<string>());
            foreach (var (candidate, disabled) in _loader.Find(_loader.Directories))
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (disabled is not null)
                {
                    if (!old.Exists(place => place.IsDisabled && place.Status.Path == candidate.Path))
                        _loader.Log(disabled);
                    places.Add(new Place(Place.NotLooked, null, disabled) { IsDisabled = true });
                    continue;
                }

                var fingerprint = PluginFingerprint.Of(candidate);
                var before = old.Find(place => !place.IsDisabled && string.Equals(place.Status.Name, candidate.Name, StringComparison.OrdinalIgnoreCase));
                if (before is not null && ((before.Fingerprint == fingerprint && !(retriesFailed && before.Status.Problem is not null)) || !isSettled(candidate.Path)))
                {
                    places.Add(before);
                }
                else if (before is not null || isSettled(candidate.Path))
                {
                    var place = await LoadAsync(candidate, fingerprint, before).ConfigureAwait(false);
                    places.Add(place);
                    (place.Plugin is null || place.Plugin == before?.Plugin ? failed : before?.Plugin is null ? loaded : replaced).Add(candidate.Name);
                }
            }

            foreach (var gone in old.Where(place => !place.IsDisabled && !places.Exists(other => string.Equals(other.Status.Name, place.Status.Name, StringComparison.OrdinalIgnoreCase))))
            {
                // A folder that is being replaced is away for a moment.
                if (isSettled(gone.Status.Path) && !_loader.IsUnreadable(Path.GetDirectoryName(gone.Status.Path)!))
                    removed.Add(gone.Status.Name);
                else
                    places.Add(gone);
            }

            var change = new PluginChange(loaded, replaced, removed, failed);
            if (!change.IsNone || places.Count != old.Count)
                TakeOver(places, change);
            return change;
        }
        catch when (_places == old)
        {
            // Nobody will use what was loaded for this change.
            foreach (var plugin in places.Select(place => place.Plugin).OfType<LoadedPlugin>().Except(old.Select(place => place.Plugin).OfType<LoadedPlugin>()))
            {
                await plugin.StopAsync().ConfigureAwait(false);
                Unload(plugin, plugin.Status.Name);
            }

            throw;
        }
        finally
        {
            _changing.Release();
        }
    }

    private async Task<Place> LoadAsync(PluginCandidate candidate, string fingerprint, Place? before)
    {
        var (plugin, status) = await _loader.LoadAsync(candidate).ConfigureAwait(false);
        if (plugin is not null && PluginFingerprint.Of(candidate) != fingerprint)
        {
            // It changed while it was read: what was loaded may be half of each.
            await plugin.StopAsync().ConfigureAwait(false);
            plugin.Dispose();
            plugin = null;
            status = status with { State = PluginState.Faulted, Exports = [], Commands = [], LoadedAt = null, Problem = "Its files changed while they were read; it is tried again." };
        }

        if (plugin is null && before?.Plugin is { } last)
        {
            LogKept(candidate.Name, before.Status.Version, status.Problem);
            return new Place(fingerprint, last, before.Status with { Problem = $"What lies there now{(status.Version is null || status.Version == before.Status.Version ? "" : $" ({status.Version})")} cannot be used, the version loaded before stays. {status.Problem}" });
        }

        _loader.Log(status);
        return new Place(fingerprint, plugin, status);
    }

    /// <summary>One step for everybody who asks from now on.</summary>
    private void TakeOver(List<Place> places, PluginChange change)
    {
        var next = new PluginSet([.. places.Select(place => (place.Plugin, place.Status))], _options.Agents, Ended);
        WarnOfAgents(next);
        Changing?.Invoke(next);
        var last = _current;
        var old = _places.Count > 0 ? _places : null; // the start is no change
        lock (_lock)
        {
            _places = places;
            _current = next;
            foreach (var plugin in last.Loaded.Except(next.Loaded))
                _retired.Add(new RetiredPlugin(plugin));
        }

        last.Unpin();
        if (!change.IsNone && old is not null)
            LogChange(string.Join(", ", change.Loaded.Select(name => "+" + name).Concat(change.Replaced.Select(name => "*" + name)).Concat(change.Removed.Select(name => "-" + name)).Concat(change.Failed.Select(name => "!" + name))));
        Changed?.Invoke();
    }

    private void WarnOfAgents(PluginSet next)
    {
        foreach (var agent in _options.Agents ?? [])
        {
            if (!next.Commands.ContainsKey(agent))
                LogNoAgent(agent, string.Join(", ", next.Statuses.SelectMany(status => status.Commands).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).DefaultIfEmpty("none")));
        }
    }

    /// <summary>The last request of a generation has ended.</summary>
    private void Ended(PluginSet generation)
    {
        foreach (var plugin in generation.Loaded)
        {
            if (!plugin.LetGo())
                continue;
            var retirement = Task.Run(() => RetireAsync(plugin));
            lock (_lock)
            {
                _retirements.RemoveAll(task => task.IsCompleted);
                _retirements.Add(retirement);
            }
        }
    }

    private async Task RetireAsync(LoadedPlugin plugin)
    {
        var status = plugin.Status;
        foreach (var problem in await plugin.StopAsync().ConfigureAwait(false))
            LogStopFailed(status.Name, problem);
        await Task.Yield(); // a plugin's code may stand below us on this stack, and would hold it
        var left = Unload(plugin, status.Name);
        RetiredPlugin? retired;
        lock (_lock)
        {
            retired = _retired.Find(other => other.Plugin == plugin);
            if (retired is not null)
                retired.Context = left;
        }

        if (retired is null)
            return; // the proxy ends
        if (await PluginMemory.IsLeftAsync(left).ConfigureAwait(false))
            LogUnloaded(status.Name, status.Version);
        else
            LogPending(status.Name, status.Version);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private WeakReference Unload(LoadedPlugin plugin, string name)
    {
        try
        {
            return plugin.Unload() ?? new WeakReference(null);
        }
        catch (Exception e)
        {
            LogStopFailed(name, $"{e.GetType().Name}: {e.Message}");
            return new WeakReference(null);
        }
    }

    /// <summary>What was found at one place: what its files looked like, and what is used of it.</summary>
    private sealed record Place(string Fingerprint, LoadedPlugin? Plugin, PluginStatus Status)
    {
        /// <summary>In place of the fingerprint of files that nobody loads.</summary>
        public const string NotLooked = "";

        /// <summary>Another plugin has its name.</summary>
        public bool IsDisabled { get; init; }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Plugins changed: {Change}")]
    private partial void LogChange(string change);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Plugin '{Plugin}': what lies there now cannot be used, version {Version} stays in use. {Problem}")]
    private partial void LogKept(string plugin, string? version, string? problem);

    [LoggerMessage(Level = LogLevel.Warning, Message = "agents: '{Agent}' is the command of no loaded plugin; the commands are: {Known}")]
    private partial void LogNoAgent(string agent, string known);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Plugin '{Plugin}' did not stop well: {Problem}")]
    private partial void LogStopFailed(string plugin, string problem);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Plugin '{Plugin}' {Version}: unload pending, something holds on to it")]
    private partial void LogPending(string plugin, string? version);

    [LoggerMessage(Level = LogLevel.Debug, Message = "Plugin '{Plugin}' {Version} was unloaded")]
    private partial void LogUnloaded(string plugin, string? version);

    [LoggerMessage(Level = LogLevel.Error, Message = "Looking at the plugin folders failed.")]
    private partial void LogLookFailed(Exception exception);
}
