using Bioproxy.Host.Configuration;
using Microsoft.Extensions.Logging;

namespace Bioproxy.Host;

/// <summary>
/// Reads the configuration file again when it changes. It is checked as a whole first: with a mistake in it, nothing changes. What can
/// change while requests run does (<see cref="ConfigurationKey.Live"/>); keys that need a restart keep their values and are named. The file
/// is polled, as plugin folders are: that works on every file system and through every link.
/// </summary>
internal sealed partial class ConfigurationReload
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private readonly ConfigurationInput _input;
    private readonly string _file;
    private readonly LiveOptions _live;
    private readonly LiveParts _parts;
    private readonly TimeProvider _time;
    private readonly ILogger<ConfigurationReload> _logger;

    /// <summary>Key → the value in use.</summary>
    private readonly Dictionary<string, ConfigurationValue> _values;
    private readonly ProxyOptions _defaults;
    private FileStamp _read;

    public ConfigurationReload(
        ConfigurationSource source, LiveOptions live, LiveParts parts, TimeProvider time, ILogger<ConfigurationReload> logger)
    {
        _file = live.Current.ConfigFile ?? "";
        _input = source.Input with { ConfigPath = _file };
        _values = source.Values.ToDictionary(StringComparer.Ordinal);
        _defaults = new ProxyOptions
        {
            BaseDirectory = live.Current.BaseDirectory,
            StateDirectory = ConfigurationPaths.DefaultStateDirectory(_input),
        };
        _live = live;
        _parts = parts;
        _time = time;
        _logger = logger;
        _read = FileStamp.Of(_file);
    }

    /// <summary>Watches the file. A change is taken over once it has looked the same in two checks: a file may be half written.</summary>
    public async Task RunAsync(CancellationToken stopping)
    {
        var seen = _read;
        while (!stopping.IsCancellationRequested)
        {
            await Task.Delay(Interval, _time, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (stopping.IsCancellationRequested)
                return;
            var stamp = FileStamp.Of(_file);
            var isSettled = stamp == seen && stamp != _read && stamp != FileStamp.Missing;
            seen = stamp;
            if (!isSettled)
                continue;
            _read = stamp;
            try
            {
                await ReadAsync(stopping).ConfigureAwait(false);
            }
            catch (Exception e) when (!stopping.IsCancellationRequested)
            {
                LogFailed(_file, e); // the fence of a background loop
            }
        }
    }

    /// <summary>Reads the file now, and takes over what can be.</summary>
    public async Task ReadAsync(CancellationToken cancellationToken)
    {
        var result = ConfigurationLoader.Load(_input);
        if (!result.IsValid)
        {
            Refuse([.. result.Errors.Select(static error => error.ToString())]);
            return;
        }

        var (next, changed, needRestart) = Compare(result);
        if (changed.Count > 0)
        {
            if (await _parts.TryAsync(next, cancellationToken).ConfigureAwait(false) is { Count: > 0 } mistakes)
            {
                Refuse(mistakes);
                return;
            }

            _live.Use(next);
            foreach (var key in changed)
                Remember(key, result.Values.GetValueOrDefault(key));
            await _parts.UseAsync(next, cancellationToken).ConfigureAwait(false);
        }

        if (needRestart.Count == 0)
            _live.ChangedAt = FileStamp.Of(_file).Modified;
        _live.Report = new ConfigurationReport(_time.GetUtcNow(), [], needRestart);
        LogRead(_file, changed.Count == 0 ? "nothing to take over" : string.Join(", ", changed));
        foreach (var key in needRestart)
            LogNeedsRestart(_file, key);
    }

    /// <summary>The options with all that can be taken over, the keys that are, and those that cannot be.</summary>
    private (ProxyOptions Next, List<string> Changed, List<string> NeedRestart) Compare(ConfigurationResult result)
    {
        var next = _live.Current;
        var (changed, needRestart) = (new List<string>(), new List<string>());
        foreach (var key in ConfigurationKeys.All.Where(key => IsChanged(key, result)))
        {
            var taken = key.Live?.Invoke(next, result.Options!);
            (taken is null || ReferenceEquals(taken, next) ? needRestart : changed).Add(key.Name);
            next = taken ?? next;
        }

        return (next, changed, needRestart);
    }

    private bool IsChanged(ConfigurationKey key, ConfigurationResult result)
    {
        var (now, next) = (_values.GetValueOrDefault(key.Name), result.Values.GetValueOrDefault(key.Name));
        if (now is null || next is null ? ReferenceEquals(now, next) : now.IsSameAs(next))
            return false;

        // Written in another way, or written where it was left out, it may be the same.
        return !key.IsScalar || ValueOf(key, now) != ValueOf(key, next);
    }

    private ProxyOptions ValueOf(ConfigurationKey key, ConfigurationValue? value)
    {
        var reading = new ConfigurationReading(_defaults.BaseDirectory, _input.HomeDirectory, _input.Environment);
        return value is null ? _defaults : key.Read(_defaults, value, reading);
    }

    private void Remember(string key, ConfigurationValue? value)
    {
        if (value is null)
            _values.Remove(key);
        else
            _values[key] = value;
    }

    private void Refuse(IReadOnlyList<string> mistakes)
    {
        _live.Report = _live.Report with { At = _time.GetUtcNow(), Mistakes = mistakes };
        foreach (var mistake in mistakes)
            LogMistake(_file, mistake);
    }

    [LoggerMessage(LogLevel.Information, "Configuration {File} was read again: {Keys}.")]
    private partial void LogRead(string file, string keys);

    [LoggerMessage(LogLevel.Warning, "Configuration {File}: {Key} was changed and needs a restart; until then it keeps its value.")]
    private partial void LogNeedsRestart(string file, string key);

    [LoggerMessage(LogLevel.Warning, "Configuration {File} has a mistake and is not used; the one before stays. {Mistake}")]
    private partial void LogMistake(string file, string mistake);

    [LoggerMessage(LogLevel.Error, "Configuration {File} could not be taken over because of a bug in the proxy.")]
    private partial void LogFailed(string file, Exception exception);
}
