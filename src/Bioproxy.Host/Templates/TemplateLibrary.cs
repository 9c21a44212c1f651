using System.Collections.Frozen;
using Bioproxy.Abstractions;
using Bioproxy.Host.Configuration;
using Bioproxy.Host.Telemetry;
using Microsoft.Extensions.Logging;

namespace Bioproxy.Host.Templates;

/// <summary>
/// The templates of all prefixes, parsed. Rendering reads one immutable snapshot and never the disk; re-reading happens on the side, and
/// what cannot be read or parsed leaves the last good version in use.
/// </summary>
internal sealed partial class TemplateLibrary : ITemplateLibrary, IDisposable
{
    private const string AnyExtension = "*";

    private readonly string _baseDirectory;
    private readonly TemplateFileReader _reader;
    private readonly ProxyMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly ILogger<TemplateLibrary> _logger;

    // One reader at a time. No Lock: files are read and engines run inside.
    private readonly SemaphoreSlim _reading = new(1);
    private volatile FrozenDictionary<string, TemplateEntry> _entries;
    private volatile FrozenDictionary<string, ITemplateEngine> _engines = FrozenDictionary<string, ITemplateEngine>.Empty;

    public TemplateLibrary(ProxyOptions options, ProxyMetrics metrics, TimeProvider time, ILogger<TemplateLibrary> logger)
    {
        _baseDirectory = options.BaseDirectory;
        _reader = new TemplateFileReader(options.TemplateRoots);
        _metrics = metrics;
        _time = time;
        _logger = logger;
        _entries = options.Prefixes.ToFrozenDictionary(pair => pair.Key, pair => new TemplateEntry(pair.Key, pair.Value), StringComparer.Ordinal);
        Prefixes = [.. options.Prefixes.Select(pair => pair.Key).OrderByDescending(prefix => prefix.Length).ThenBy(prefix => prefix, StringComparer.Ordinal)];
    }

    /// <summary>Raised after a reading that looked at other files than the one before, on the thread that read.</summary>
    public event Action? FilesChanged;

    public IReadOnlyList<string> Prefixes { get; }

    /// <summary>In the order of <see cref="Prefixes"/>.</summary>
    public IReadOnlyList<TemplateStatus> Statuses
    {
        get
        {
            var entries = _entries;
            return [.. Prefixes.Select(prefix => entries[prefix].Status)];
        }
    }

    /// <summary>Every file the templates were made of or looked for.</summary>
    public IReadOnlyCollection<string> Files =>
        [.. _entries.Values.SelectMany(entry => entry.Reading?.Files ?? [entry.Path]).Distinct(StringComparer.Ordinal)];

    /// <summary>Says what renders which files; the next refresh parses again whatever another engine made.</summary>
    /// <param name="engines">By extension with its dot, compared without case; <c>"*"</c> renders all others.</param>
    public void UseEngines(IReadOnlyDictionary<string, ITemplateEngine> engines) =>
        _engines = engines.ToFrozenDictionary(pair => pair.Key, pair => pair.Value, StringComparer.OrdinalIgnoreCase);

    /// <summary>Reads all templates for the first time.</summary>
    /// <returns>One message per template that cannot be used: the prefix, the file, the place and the remedy.</returns>
    public IReadOnlyList<string> LoadAll()
    {
        RefreshAll();
        return [.. Statuses.Where(status => status.LoadedAt is null).Select(status => $"Prefix '{status.Prefix}': {status.Problem}")];
    }

    /// <summary>Reads again the templates whose files look different from when they were read.</summary>
    /// <returns>The prefixes that render another text than before.</returns>
    public IReadOnlyList<string> RefreshAll() => [.. Prefixes.Where(Refresh)];

    /// <summary>Reads a template again if its files look different from when it was read.</summary>
    /// <returns>Whether the prefix renders another text than before.</returns>
    public bool Refresh(string prefix)
    {
        _reading.Wait();
        TemplateEntry before, after;
        try
        {
            before = _entries[prefix];
            var engine = EngineFor(before.Path);
            // A failure is tried again each time: a repaired permission changes no stamp.
            if (before.Problem is null && before.Good?.Engine == engine && before.Reading?.IsCurrent() == true)
                return false;
            after = Read(before, engine);
            _entries = _entries.Values.ToFrozenDictionary(entry => entry.Prefix, entry => entry.Prefix == prefix ? after : entry, StringComparer.Ordinal);
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

    public string Render(string prefix, TemplateVariables variables)
    {
        if (!_entries.TryGetValue(prefix, out var entry))
            throw new TemplateException($"There is no template for the prefix '{prefix}'.");
        if (entry.Good is null)
            throw new TemplateException($"The template of the prefix '{prefix}' is not loaded: {entry.Problem ?? "the proxy is starting"}");
        try
        {
            return entry.Good.Template.Render(variables);
        }
        catch (Exception e) when (e is not TemplateException)
        {
            // The fence around an engine's code.
            throw new TemplateException($"The template of the prefix '{prefix}' could not be rendered: {e.GetType().Name}: {e.Message}", e);
        }
    }

    public void Dispose() => _reading.Dispose();

    private ITemplateEngine? EngineFor(string path) => _engines.GetValueOrDefault(Path.GetExtension(path)) ?? _engines.GetValueOrDefault(AnyExtension);

    private TemplateEntry Read(TemplateEntry before, ITemplateEngine? engine)
    {
        var now = _time.GetUtcNow();
        var reading = new TemplateReading(now);
        try
        {
            reading.Missing(before.Path);
            if (engine is null)
                throw new TemplateException(NoEngine(before.Path));
            var template = engine.Parse(new TemplateSource(before.Path, _baseDirectory, _reader, reading));
            var hash = reading.ContentHash();
            var good = before.Good is { } old && old.ContentHash == hash && old.Engine == engine
                ? old
                : new LoadedTemplate(template, engine, now, hash);
            return before with { Good = good, Reading = reading, Problem = null };
        }
        catch (TemplateException e)
        {
            var place = e.Line > 0 ? $", line {e.Line}, column {e.Column}" : "";
            var subject = place.Length == 0 && e.Message.StartsWith(before.Path, StringComparison.Ordinal) ? "" : $"{before.Path}{place}: ";
            return before with { Reading = reading, Problem = subject + e.Message };
        }
        catch (Exception e)
        {
            // The fence around an engine's code.
            return before with { Reading = reading, Problem = $"{before.Path}: the template engine failed: {e.GetType().Name}: {e.Message}" };
        }
    }

    private string NoEngine(string path)
    {
        var extension = Path.GetExtension(path);
        var known = _engines.Count == 0 ? "none is loaded" : $"known are {string.Join(", ", _engines.Keys.Order(StringComparer.Ordinal))}";
        return $"no template engine renders '{extension}' files ({known}): put a plugin with such an engine into the plugins folder, or rename the template.";
    }

    private void Report(TemplateEntry before, TemplateEntry after)
    {
        if (after.Problem is not null)
        {
            if (after.Problem == before.Problem)
                return;
            _metrics.TemplateFailed(after.Prefix);
            if (after.Good is null)
                NotLoaded(after.Prefix, after.Problem);
            else
                KeptLastGood(after.Prefix, after.Good.LoadedAt, after.Problem);
        }
        else if (after.Good != before.Good)
        {
            Loaded(after.Prefix, after.Path, after.Good!.ContentHash);
        }
        else if (before.Problem is not null)
        {
            Mended(after.Prefix, after.Path);
        }
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "Template of '{Prefix}' read from {Path} (content {Hash})")]
    private partial void Loaded(string prefix, string path, string hash);

    [LoggerMessage(Level = LogLevel.Information, Message = "Template of '{Prefix}' in {Path} is readable again and has not changed")]
    private partial void Mended(string prefix, string path);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Template of '{Prefix}' cannot be used as it is now; the version of {LoadedAt:O} stays in use. {Problem}")]
    private partial void KeptLastGood(string prefix, DateTimeOffset loadedAt, string problem);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Template of '{Prefix}' could not be loaded. {Problem}")]
    private partial void NotLoaded(string prefix, string problem);
}
