using Bioproxy.Host.Configuration;
using Microsoft.Extensions.Logging;

namespace Bioproxy.Host.Models.Snapshots;

/// <summary>Keeps the snapshots within their limits.</summary>
internal sealed partial class SnapshotCleaner(SnapshotCatalogue catalogue, SnapshotFiles files, Func<string?> identity, ProxyOptions options, TimeProvider time, ILogger<SnapshotCleaner> logger)
{
    private readonly HashSet<string> _prefixes = [.. options.Prefixes.Select(p => p.Key)];
    private readonly ILogger<SnapshotCleaner> _logger = logger;

    /// <summary>What would go now.</summary>
    /// <param name="room">Snapshots that are about to be made.</param>
    /// <param name="roomBytes">And how large they will be, about.</param>
    public IReadOnlyList<(Snapshot Snapshot, string Reason)> Due(int room = 0, long roomBytes = 0)
    {
        var limits = new CleanUpLimits(options.KvMaxAge, options.KvMaxSnapshots - room, options.KvMaxBytes - roomBytes, options.KvMinFreeBytes + roomBytes, files.FreeBytes() ?? long.MaxValue / 2);
        return CleanUp.Choose([.. catalogue.All.Select(Stored)], limits, time.GetUtcNow());
    }

    public StoredSnapshot Stored(Snapshot snapshot)
    {
        var fits = identity() is not { } current || snapshot.Identity == current; // while the model is not known every template might be of it
        return new(snapshot, catalogue.LastUsed(snapshot), !snapshot.IsConversation && fits && _prefixes.Contains(snapshot.Prefix), catalogue.IsHeld(snapshot), fits);
    }

    public IReadOnlyList<(Snapshot Snapshot, string Reason)> Run(int room = 0, long roomBytes = 0)
    {
        var due = Due(room, roomBytes);
        foreach (var (snapshot, reason) in due)
        {
            catalogue.Remove(snapshot);
            LogRemoved(snapshot.File, snapshot.Label, reason);
        }

        return due;
    }

    [LoggerMessage(LogLevel.Information, "Snapshot {File} ({Label}) was removed: {Reason}.")]
    private partial void LogRemoved(string file, string label, string reason);
}
