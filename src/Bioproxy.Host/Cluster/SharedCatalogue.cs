using System.Text.Json;
using Bioproxy.Cluster;
using Bioproxy.Cluster.Messages;
using Bioproxy.Host.Cluster.Catalogue;
using Microsoft.Extensions.Logging;

namespace Bioproxy.Host.Cluster;

/// <summary>
/// What one proxy of a cluster saves or learns, all know. Each has a copy of the whole catalogue, in memory and where it is worth it in its
/// own state folder, and tells what it changes itself, never what it heard. Entries may come twice, late and in any order: of each key the
/// newest counts, and that a snapshot was removed is final.
/// </summary>
/// <param name="publisher">The way to the others.</param>
/// <param name="parts">The kinds of entries.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">The log.</param>
internal sealed partial class SharedCatalogue(
    CataloguePublisher publisher, CatalogueParts parts, TimeProvider time, ILogger<SharedCatalogue> logger) : IDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(30);

    private readonly ILogger<SharedCatalogue> _logger = logger;
    private ITimer? _timer;

    /// <summary>All that this proxy knows.</summary>
    public IReadOnlyList<CatalogueEntry> Entries =>
    [
        .. parts.All.SelectMany(part => part.Entries.Select(one => CataloguePublisher.Entry(part.Kind, one.Name, one.Value, one.At))),
    ];

    /// <summary>Before the store loads: from now on names are unique, and nothing is saved before <see cref="Start"/>.</summary>
    /// <exception cref="IOException">The state folder cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">The state folder cannot be written.</exception>
    public void Prepare() => parts.Prepare(publisher);

    /// <summary>When the store and the fingerprints are loaded and reconciled. Tells what has changed since.</summary>
    public void Start(ICluster cluster)
    {
        parts.Loaded();
        publisher.Start(cluster);
        _timer = time.CreateTimer(static catalogue => ((SharedCatalogue)catalogue!).Tick(), this, Interval, Interval);
    }

    /// <summary>Others wrote or removed these.</summary>
    public void Merge(IReadOnlyList<CatalogueEntry> entries)
    {
        foreach (var entry in entries)
        {
            var slash = entry.Key.IndexOf('/', StringComparison.Ordinal);
            if (slash < 0 || parts.Find(entry.Key[..slash]) is not { } part)
                continue; // of a newer version
            try
            {
                part.Merge(entry.Key[(slash + 1)..], entry.Value, entry.At);
            }
            catch (Exception e) when (e is JsonException or FormatException or IOException or UnauthorizedAccessException)
            {
                LogUnusable(entry.Key, e.Message);
            }
        }
    }

    public void Dispose() => _timer?.Dispose();

    private void Tick()
    {
        try
        {
            foreach (var part in parts.All)
                part.Tick();
        }
        catch (Exception e)
        {
            LogFailed(e); // the fence of a background task
        }
    }

    [LoggerMessage(LogLevel.Warning, "The catalogue's entry {Key} is not used: {Reason}")]
    private partial void LogUnusable(string key, string reason);

    [LoggerMessage(LogLevel.Error, "Telling the other proxies failed; the next attempt follows.")]
    private partial void LogFailed(Exception exception);
}
