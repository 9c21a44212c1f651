using System.Collections.Frozen;
using Bioproxy.Abstractions;
using Bioproxy.Host.Configuration;
using Bioproxy.Host.Telemetry;
using Bioproxy.Host.Threading;
using Microsoft.Extensions.Logging;

namespace Bioproxy.Host.Templates;

/// <summary>
/// The parsed templates of all triggers. Rendering uses one immutable snapshot of them and never the disk. Templates are read again in the
/// background; one that cannot be read or parsed, or whose engine does not return, leaves the last good version in use.
/// </summary>
internal sealed partial class TemplateLibrary : ITemplateLibrary
{
    /// <summary>How long an engine may take for one template, reading its files included.</summary>
    public static readonly TimeSpan ParseLimit = TimeSpan.FromSeconds(10);

    private const string AnyExtension = "*";

    private readonly string _baseDirectory;
    private volatile TemplateFileReader _reader;
    private readonly ProxyMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly ILogger<TemplateLibrary> _logger;

    // One reading at a time. Not a Lock, because engines are awaited inside.
    private readonly SemaphoreSlim _reading = new(1);
    private volatile FrozenDictionary<string, TemplateEntry> _entries;
    private volatile IReadOnlyList<string> _triggers;
    private volatile IReadOnlyDictionary<string, IReadOnlyList<string>> _models;
    private volatile FrozenDictionary<string, ITemplateEngine> _engines = FrozenDictionary<string, ITemplateEngine>.Empty;

    public TemplateLibrary(ProxyOptions options, ProxyMetrics metrics, TimeProvider time, ILogger<TemplateLibrary> logger)
    {
        _baseDirectory = options.BaseDirectory;
        _reader = new TemplateFileReader(options.TemplateRoots);
        _metrics = metrics;
        _time = time;
        _logger = logger;
        _entries = options.Prefixes.ToFrozenDictionary(
            pair => pair.Key, pair => new TemplateEntry(pair.Key, pair.Value), StringComparer.Ordinal);
        _triggers = Sorted(options);
        _models = options.PrefixModels;
    }

    /// <summary>Raised on the reading thread when a template depends on other files than before.</summary>
    public event Action? FilesChanged;

    /// <summary>The triggers, longest first. Another list when they, or the models that keep them, are others.</summary>
    public IReadOnlyList<string> Prefixes => _triggers;

    /// <summary>The templates' statuses, in the order of <see cref="Prefixes"/>.</summary>
    public IReadOnlyList<TemplateStatus> Statuses
    {
        get
        {
            var entries = _entries;
            return [.. Prefixes.Where(entries.ContainsKey).Select(trigger => entries[trigger].Status)];
        }
    }

    /// <summary>Every file that a template consists of or was looked for in.</summary>
    public IReadOnlyCollection<string> Files =>
        [.. _entries.Values.SelectMany(entry => entry.Reading?.Files ?? [entry.Path]).Distinct(StringComparer.Ordinal)];

    /// <summary>The models in whose cache a template is kept; null for all.</summary>
    public IReadOnlyList<string>? ModelsOf(string trigger) => _models.GetValueOrDefault(trigger);

    /// <summary>Takes over other triggers and files, all or none. Requests that have found a trigger that goes can still render it.
    /// </summary>
    /// <returns>Why it does not: one message per template that cannot be used.</returns>
    public async Task<IReadOnlyList<string>> UseAsync(ProxyOptions options, CancellationToken cancellationToken)
    {
        await _reading.WaitAsync(cancellationToken).ConfigureAwait(false);
        var (before, known) = (_reader, _entries);
        try
        {
            _reader = new TemplateFileReader(options.TemplateRoots);
            var entries = known.ToDictionary(StringComparer.Ordinal);
            foreach (var (trigger, path) in options.Prefixes.Where(pair => known.GetValueOrDefault(pair.Key)?.Path != pair.Value))
                entries[trigger] = await ReadAsync(new(trigger, path), EngineFor(path), cancellationToken).ConfigureAwait(false);
            var unusable = options.Prefixes.Select(pair => entries[pair.Key])
                .Where(entry => entry.Good is null)
                .Select(entry => $"Trigger '{entry.Trigger}': {entry.Problem}")
                .ToList();
            if (unusable.Count > 0)
                return unusable;
            before = _reader;
            (_entries, _models) = (entries.ToFrozenDictionary(StringComparer.Ordinal), options.PrefixModels);
            _triggers = Sorted(options);
        }
        finally
        {
            _reader = before;
            _reading.Release();
        }

        FilesChanged?.Invoke();
        return [];
    }

    /// <summary>Sets the engines. The next refresh parses every template again that another engine made.</summary>
    /// <param name="engines">By file extension with its dot, compared without case; <c>"*"</c> renders all other files.</param>
    public void UseEngines(IReadOnlyDictionary<string, ITemplateEngine> engines) =>
        _engines = engines.ToFrozenDictionary(pair => pair.Key, pair => pair.Value, StringComparer.OrdinalIgnoreCase);

    /// <summary>Reads all templates for the first time.</summary>
    /// <returns>One message per template that cannot be used: the trigger, the file, the place in it and the remedy.</returns>
    public async Task<IReadOnlyList<string>> LoadAllAsync(CancellationToken cancellationToken)
    {
        await RefreshAllAsync(cancellationToken).ConfigureAwait(false);
        var missing = Statuses.Where(status => status.LoadedAt is null);
        return [.. missing.Select(status => $"Trigger '{status.Trigger}': {status.Problem}")];
    }

    /// <summary>Reads the templates whose files have changed. An engine that does not return delays this once, by the limit.</summary>
    /// <returns>The triggers that now render another text.</returns>
    public async Task<IReadOnlyList<string>> RefreshAllAsync(CancellationToken cancellationToken)
    {
        var changed = new List<string>();
        foreach (var trigger in Prefixes)
        {
            if (await RefreshAsync(trigger, cancellationToken).ConfigureAwait(false))
                changed.Add(trigger);
        }

        return changed;
    }

    public string Render(string prefix, TemplateVariables variables)
    {
        if (!_entries.TryGetValue(prefix, out var entry))
            throw new TemplateException($"There is no template for the trigger '{prefix}'.");
        if (entry.Good is null)
            throw new TemplateException($"The template of '{prefix}' is not loaded: {entry.Problem ?? "the proxy is starting"}");
        try
        {
            return entry.Good.Template.Render(variables);
        }
        catch (Exception e) when (e is not TemplateException)
        {
            // The fence around an engine's code. A rendering that hangs is ended by the fence around the transform that asked for it.
            throw new TemplateException($"The template of '{prefix}' could not be rendered: {e.GetType().Name}: {e.Message}", e);
        }
    }

    private static List<string> Sorted(ProxyOptions options) =>
    [
        .. options.Prefixes.Select(pair => pair.Key)
            .OrderByDescending(trigger => trigger.Length)
            .ThenBy(trigger => trigger, StringComparer.Ordinal),
    ];

    /// <returns>Whether the trigger now renders another text.</returns>
    private async Task<bool> RefreshAsync(string trigger, CancellationToken cancellationToken)
    {
        await _reading.WaitAsync(cancellationToken).ConfigureAwait(false);
        TemplateEntry before, after;
        try
        {
            before = _entries[trigger];
            var engine = EngineFor(before.Path);
            if (IsUpToDate(before, engine))
                return false;
            after = await ReadAsync(before, engine, cancellationToken).ConfigureAwait(false);
            _entries = _entries.Values.ToFrozenDictionary(
                entry => entry.Trigger, entry => entry.Trigger == trigger ? after : entry, StringComparer.Ordinal);
        }
        finally
        {
            _reading.Release();
        }

        Report(before, after);
        if (before.Reading is null || !before.Reading.Files.ToHashSet().SetEquals(after.Reading!.Files))
            FilesChanged?.Invoke();
        return after.Good is not null && after.Good != before.Good;
    }

    // A failure is tried again each time, because a repaired permission does not show in a file's stamp.
    private static bool IsUpToDate(TemplateEntry entry, ITemplateEngine? engine) => entry.Hung is { } hung
        ? hung.WouldHangAgain(engine)
        : entry.Problem is null && entry.Good?.Engine == engine && entry.Reading?.IsCurrent() == true;

    private ITemplateEngine? EngineFor(string path) =>
        _engines.GetValueOrDefault(Path.GetExtension(path)) ?? _engines.GetValueOrDefault(AnyExtension);

    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    private async Task<TemplateEntry> ReadAsync(TemplateEntry before, ITemplateEngine? engine, CancellationToken cancellationToken)
    {
        var now = _time.GetUtcNow();
        var reading = new TemplateReading(now);
        reading.Missing(before.Path);
        var entry = before with { Reading = reading, Hung = null };
        if (engine is null)
            return entry with { Problem = $"{before.Path}: {NoEngine(before.Path)}" };

        var returned = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var call = await BoundedCall.RunAsync(_ => ValueTask.FromResult(Parse()), ParseLimit, _time, late: null, cancellationToken)
            .ConfigureAwait(false);
        return call switch
        {
            { End: CallEnd.Completed } => entry with { Good = Good(before, call.Value!, engine, reading, now), Problem = null },
            { End: CallEnd.Threw } => entry with { Problem = Problem(before.Path, call.Error!) },
            { End: CallEnd.TimedOut } => entry with
            {
                Problem = $"{before.Path}: the template engine did not return within {ParseLimit.TotalSeconds:0} s.",
                Hung = new HungParse(engine, reading, returned.Task),
            },
            _ => throw new OperationCanceledException(cancellationToken),
        };

        ITemplate Parse()
        {
            try
            {
                return engine.Parse(new TemplateSource(before.Path, _baseDirectory, _reader, reading))
                    ?? throw new InvalidOperationException("it returned null instead of a template");
            }
            finally
            {
                returned.SetResult();
            }
        }
    }

    private static LoadedTemplate Good(
        TemplateEntry before, ITemplate template, ITemplateEngine engine, TemplateReading reading, DateTimeOffset now)
    {
        var hash = reading.ContentHash();
        return before.Good is { } old && old.ContentHash == hash && old.Engine == engine
            ? old
            : new LoadedTemplate(template, engine, now, hash);
    }

    private static string Problem(string path, Exception error)
    {
        if (error is not TemplateException e)
            return $"{path}: the template engine failed: {error.GetType().Name}: {error.Message}";
        var place = e.Line > 0 ? $", line {e.Line}, column {e.Column}" : "";
        var subject = place.Length == 0 && e.Message.StartsWith(path, StringComparison.Ordinal) ? "" : $"{path}{place}: ";
        return subject + e.Message;
    }

    private string NoEngine(string path)
    {
        var engines = _engines;
        var known = engines.Count == 0
            ? "none is loaded"
            : $"there are engines for {string.Join(", ", engines.Keys.Order(StringComparer.Ordinal))}";
        return $"no template engine renders '{Path.GetExtension(path)}' files ({known}): "
            + "put a plugin with such an engine into the plugins folder, or rename the template.";
    }

    private void Report(TemplateEntry before, TemplateEntry after)
    {
        if (after.Problem is not null)
        {
            if (after.Problem == before.Problem)
                return;
            _metrics.TemplateFailed(after.Trigger);
            if (after.Good is null)
                LogNotLoaded(after.Trigger, after.Problem);
            else
                LogKept(after.Trigger, after.Good.LoadedAt, after.Problem);
        }
        else if (after.Good != before.Good)
        {
            LogLoaded(after.Trigger, after.Path, after.Good!.ContentHash);
        }
        else if (before.Problem is not null)
        {
            LogReadable(after.Trigger, after.Path);
        }
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "Template {Trigger} loaded from {Path} (content {Hash})")]
    private partial void LogLoaded(string trigger, string path, string hash);

    [LoggerMessage(Level = LogLevel.Information, Message = "Template {Trigger} is usable again and unchanged: {Path}")]
    private partial void LogReadable(string trigger, string path);

    [LoggerMessage(LogLevel.Warning, "Template {Trigger} cannot be used; its version of {LoadedAt:O} stays in use. {Problem}")]
    private partial void LogKept(string trigger, DateTimeOffset loadedAt, string problem);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Template {Trigger} could not be loaded. {Problem}")]
    private partial void LogNotLoaded(string trigger, string problem);
}
