using System.Security.Cryptography;
using Bioproxy.Host.Configuration;
using Microsoft.Extensions.Logging;

namespace Bioproxy.Host.Plugins;

/// <summary>
/// Keeps the active plugins in sync with the plugin folders. Changed plugins are loaded completely beside the old ones and become a new
/// generation; new requests use it, and the old plugins are unloaded after the last request that began with them. A plugin that cannot be
/// loaded changes only its status. Folders are polled, not watched: that works on every file system, and a copy in progress is simply
/// not taken over as long as it differs from check to check.
/// </summary>
internal sealed partial class PluginManager : IAsyncDisposable
{
    /// <summary>How long plugins may take to stop when the process ends.</summary>
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(4);

    private readonly PluginLoader _loader;
    private readonly LiveOptions _options;
    private readonly IReadOnlyList<IPluginListener> _listeners;
    private readonly TimeProvider _time;
    private readonly ILogger<PluginManager> _logger;
    private readonly PluginRetirement _retirement;
    private readonly SemaphoreSlim _changing = new(1, 1);
    private readonly Lock _lock = new();
    private Dictionary<string, string> _seen = new(StringComparer.Ordinal);
    private List<PluginPlace> _places = [];
    private IReadOnlyList<string>? _agents;
    private volatile PluginSet _current = new([]);
    private volatile bool _isEnding;

    /// <param name="loader">Finds and loads plugins.</param>
    /// <param name="options">The configuration.</param>
    /// <param name="listeners">Are notified of new generations, in this order.</param>
    /// <param name="time">The clock of the checks.</param>
    /// <param name="logger">The log.</param>
    public PluginManager(
        PluginLoader loader,
        LiveOptions options,
        IReadOnlyList<IPluginListener> listeners,
        TimeProvider time,
        ILogger<PluginManager> logger)
    {
        _loader = loader;
        _options = options;
        _listeners = listeners;
        _time = time;
        _logger = logger;
        _retirement = new PluginRetirement(time, logger);
    }

    /// <summary>The status of every plugin found, and of those that have not left the memory yet.</summary>
    public IReadOnlyList<PluginStatus> Statuses
    {
        get
        {
            lock (_lock)
                return [.. _current.Statuses, .. _retirement.Statuses];
        }
    }

    /// <summary>The current generation, pinned: the caller must release it with <see cref="PluginSet.Unpin"/>.</summary>
    public PluginSet Pin()
    {
        while (true)
        {
            var current = _current;
            if (current.TryPin())
                return current;
        }
    }

    /// <summary>Loads the plugins for the first time.</summary>
    public void Load()
    {
        PluginLoader.CleanUp();
        _loader.LogMissingBuiltIns();
        Task.Run(() => ReloadAsync(CancellationToken.None)).GetAwaiter().GetResult();
    }

    /// <summary>
    /// Checks the folders now and takes over what changed. Plugins that could not be loaded are tried again: what they lacked may be there
    /// now.
    /// </summary>
    public Task<PluginChange> ReloadAsync(CancellationToken cancellationToken) =>
        CheckAsync(_ => true, retriesFailed: true, cancellationToken);

    /// <summary>Checks the folders at the configured interval. A change is taken over once it has looked the same in two checks.</summary>
    public async Task RunAsync(CancellationToken stopping)
    {
        if (_options.Current.PluginCheckInterval <= TimeSpan.Zero)
            return;
        lock (_lock)
            _seen = _places.ToDictionary(place => place.Status.Path, place => place.Fingerprint, StringComparer.Ordinal);
        while (!stopping.IsCancellationRequested)
        {
            await Task.Delay(_options.Current.PluginCheckInterval, _time, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (stopping.IsCancellationRequested)
                return;
            try
            {
                var before = _seen;
                _seen = _loader.Find(_loader.Directories).ToDictionary(
                    found => found.Candidate.Path,
                    found => found.Disabled is null ? FingerprintOf(found.Candidate) : PluginPlace.NotRead,
                    StringComparer.Ordinal);
                if (!IsChanged(_seen))
                    continue;
                await CheckAsync(path => before.GetValueOrDefault(path) == _seen.GetValueOrDefault(path), retriesFailed: false, stopping)
                    .ConfigureAwait(false);
            }
            catch (Exception) when (_isEnding || stopping.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                LogCheckFailed(e); // any other exception, a foreign cancellation too, must not end the loop
            }
        }
    }

    /// <summary>
    /// Stops and unloads all plugins; no request may be running any more. Takes five seconds at most, whatever plugins do.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        PluginSet last;
        lock (_lock)
        {
            if (_isEnding)
                return;
            _isEnding = true; // a reload in progress is not taken over
            last = _current;
            _current = new PluginSet([]);
        }

        last.Unpin();
        await _retirement.EndAsync(StopLimit).ConfigureAwait(false);
    }

    /// <summary>Its files and its settings: a plugin reads its settings when it is loaded.</summary>
    private string FingerprintOf(PluginCandidate candidate) =>
        _options.Current.PluginSettings.TryGetValue(candidate.Name, out var settings)
            ? $"{PluginFingerprint.Of(candidate)}{Convert.ToHexString(SHA256.HashData(settings.Span))}"
            : PluginFingerprint.Of(candidate);

    private bool IsChanged(Dictionary<string, string> seen)
    {
        lock (_lock)
            return seen.Count != _places.Count || _places.Exists(place => seen.GetValueOrDefault(place.Status.Path) != place.Fingerprint);
    }

    /// <param name="isSettled">Whether the files at a path have come to rest and may be taken over.</param>
    /// <param name="retriesFailed">Whether plugins that could not be loaded are tried again though their files are the same.</param>
    /// <param name="cancellationToken">Stops before the next plugin.</param>
    private async Task<PluginChange> CheckAsync(Func<string, bool> isSettled, bool retriesFailed, CancellationToken cancellationToken)
    {
        await _changing.WaitAsync(cancellationToken).ConfigureAwait(false);
        var places = new List<PluginPlace>();
        var old = _places;
        try
        {
            var (loaded, replaced, removed, failed) = (new List<string>(), new List<string>(), new List<string>(), new List<string>());
            foreach (var (candidate, disabled) in _loader.Find(_loader.Directories))
            {
                cancellationToken.ThrowIfCancellationRequested();
                ObjectDisposedException.ThrowIf(_isEnding, this);
                if (disabled is not null)
                {
                    if (!old.Exists(place => place.IsDisabled && place.Status.Path == candidate.Path))
                        _loader.Log(disabled);
                    places.Add(new PluginPlace(PluginPlace.NotRead, null, disabled) { IsDisabled = true });
                    continue;
                }

                var fingerprint = FingerprintOf(candidate);
                var before = old.Find(place => place.IsCalled(candidate.Name));
                var isSame = before?.Fingerprint == fingerprint && !(retriesFailed && before.Status.Problem is not null);
                if (before is not null && (isSame || !isSettled(candidate.Path)))
                {
                    places.Add(before);
                }
                else if (before is not null || isSettled(candidate.Path))
                {
                    var place = await LoadAsync(candidate, fingerprint, before).ConfigureAwait(false);
                    places.Add(place);
                    var isFailed = place.Plugin is null || place.Plugin == before?.Plugin;
                    (isFailed ? failed : before?.Plugin is null ? loaded : replaced).Add(candidate.Name);
                }
            }

            foreach (var gone in old.Where(place => !place.IsDisabled && !places.Exists(other => other.IsCalled(place.Status.Name))))
            {
                // A folder that is being replaced is absent for a moment.
                if (isSettled(gone.Status.Path) && !_loader.IsUnreadable(Path.GetDirectoryName(gone.Status.Path)!))
                    removed.Add(gone.Status.Name);
                else
                    places.Add(gone);
            }

            var change = new PluginChange(loaded, replaced, removed, failed);
            if (!change.IsNone || places.Count != old.Count || !ReferenceEquals(_agents, _options.Current.Agents))
                await TakeOverAsync(places, change).ConfigureAwait(false);
            return change;
        }
        catch when (_places == old)
        {
            // The plugins that were loaded for this change are not going to be used.
            foreach (var plugin in places.Select(place => place.Plugin).Except(old.Select(place => place.Plugin)).OfType<LoadedPlugin>())
            {
                await plugin.StopAsync(CancellationToken.None).ConfigureAwait(false);
                await _loader.UnloadAsync(plugin, plugin.Status.Name).ConfigureAwait(false);
            }

            throw;
        }
        finally
        {
            _changing.Release();
        }
    }

    private async Task<PluginPlace> LoadAsync(PluginCandidate candidate, string fingerprint, PluginPlace? before)
    {
        var (plugin, status) = await _loader.LoadAsync(candidate).ConfigureAwait(false);
        if (plugin is null && before?.Plugin is { } last)
        {
            var running = before.Status;
            LogKept(candidate.Name, running.Version, status.Problem);
            var version = status.Version is null || status.Version == running.Version ? "" : $" ({status.Version})";
            return new PluginPlace(fingerprint, last, running with
            {
                Problem = $"The files there now{version} cannot be used; the version loaded before stays active. {status.Problem}",
            });
        }

        _loader.Log(status);
        return new PluginPlace(fingerprint, plugin, status);
    }

    /// <summary>Makes the plugins at these places the current generation, for all requests from now on.</summary>
    private async Task TakeOverAsync(List<PluginPlace> places, PluginChange change)
    {
        _agents = _options.Current.Agents;
        var next = new PluginSet([.. places.Select(place => (place.Plugin, place.Status))], _agents, Ended);
        WarnOfAgents(next);
        var isFirst = _places.Count == 0;
        var last = await AdoptAsync(next, places).ConfigureAwait(false);
        last.Unpin();
        if (!change.IsNone && !isFirst)
            LogChange(change.ToString());
        foreach (var listener in _listeners)
            listener.Changed();
    }

    /// <returns>The generation before.</returns>
    private async Task<PluginSet> AdoptAsync(PluginSet next, List<PluginPlace> places)
    {
        try
        {
            foreach (var listener in _listeners)
                await listener.ChangingAsync(next).ConfigureAwait(false);
            lock (_lock)
            {
                ObjectDisposedException.ThrowIf(_isEnding, this);
                var last = _current;
                _places = places;
                _current = next;
                foreach (var plugin in last.Loaded.Except(next.Loaded))
                    _retirement.Add(plugin);
                return last;
            }
        }
        catch
        {
            // It never came into use: what it shares with the generation in use belongs to that one alone again.
            foreach (var plugin in next.Loaded)
                plugin.Release();
            throw;
        }
    }

    private void WarnOfAgents(PluginSet next)
    {
        foreach (var agent in (_options.Current.Agents ?? []).Where(agent => !next.Commands.ContainsKey(agent)))
        {
            var known = next.Statuses.SelectMany(status => status.Commands).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal);
            LogNoAgent(agent, string.Join(", ", known.DefaultIfEmpty("none")));
        }
    }

    /// <summary>The last request of a generation has ended.</summary>
    private void Ended(PluginSet generation)
    {
        foreach (var plugin in generation.Loaded)
        {
            if (plugin.Release())
                _retirement.Begin(plugin);
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Plugins changed: {Change}")]
    private partial void LogChange(string change);

    [LoggerMessage(
        Level = LogLevel.Warning, Message = "Plugin '{Plugin}': the files there now cannot be used, version {Version} stays active. "
            + "{Problem}")]
    private partial void LogKept(string plugin, string? version, string? problem);

    [LoggerMessage(Level = LogLevel.Warning, Message = "agents: no loaded plugin has the command '{Agent}'; known commands: {Known}")]
    private partial void LogNoAgent(string agent, string known);

    [LoggerMessage(Level = LogLevel.Error, Message = "Checking the plugin folders failed.")]
    private partial void LogCheckFailed(Exception exception);
}
