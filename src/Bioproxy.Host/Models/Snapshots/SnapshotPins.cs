using System.Collections.Immutable;
using System.Text.Json;
using Microsoft.Extensions.Logging;

namespace Bioproxy.Host.Models.Snapshots;

/// <summary>The snapshots that an operator has pinned, by file name: no limit removes them. Kept in a file of their own, because the time
/// of a sidecar says when its snapshot was last used.</summary>
internal sealed partial class SnapshotPins(StateFolder folder, ILogger logger)
{
    private readonly ILogger _logger = logger;
    private readonly Lock _lock = new();
    private readonly Lock _writing = new();
    private ImmutableHashSet<string> _files = ImmutableHashSet.Create<string>(StringComparer.Ordinal);

    /// <summary>Called with a file and whether it is pinned now when this proxy changed that; without a lock.</summary>
    public Action<string, bool>? Changed { get; set; }

    /// <summary>All that are pinned.</summary>
    public IReadOnlyCollection<string> All => Volatile.Read(ref _files);

    /// <summary>When they were changed last, as far as the file tells.</summary>
    public DateTimeOffset ChangedAt => System.IO.File.GetLastWriteTimeUtc(File);

    private string File => Path.Combine(folder.Path, "pinned.json");

    public bool Contains(string file) => Volatile.Read(ref _files).Contains(file);

    /// <summary>Reads the file. Names without a snapshot are dropped.</summary>
    public void Load(IEnumerable<string> there)
    {
        try
        {
            if (System.IO.File.Exists(File) && StateFolder.Read(File, StateJson.Default.StringArray) is { } pinned)
                Change(_ => ImmutableHashSet.CreateRange(StringComparer.Ordinal, there.Intersect(pinned, StringComparer.Ordinal)));
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
        {
            LogUnreadable(File, e.Message);
        }
    }

    public void Set(string file, bool isPinned)
    {
        if (Merge(file, isPinned))
            Changed?.Invoke(file, isPinned);
    }

    /// <summary>Another proxy has pinned it, or let it go.</summary>
    /// <returns>Whether that is news.</returns>
    public bool Merge(string file, bool isPinned)
    {
        if (!Change(files => isPinned ? files.Add(file) : files.Remove(file)))
            return false;
        Write();
        return true;
    }

    /// <summary>A snapshot is replaced by one that continues it.</summary>
    public void Replace(string old, string newer)
    {
        if (!Change(files => files.Remove(old) is var others && !ReferenceEquals(others, files) ? others.Add(newer) : files))
            return;
        Write();
        Changed?.Invoke(newer, true);
        Changed?.Invoke(old, false);
    }

    private bool Change(Func<ImmutableHashSet<string>, ImmutableHashSet<string>> change)
    {
        lock (_lock)
        {
            var before = _files;
            Volatile.Write(ref _files, change(before));
            return !ReferenceEquals(before, _files);
        }
    }

    private void Write()
    {
        lock (_writing) // the last change is written last
        {
            try
            {
                StateFolder.Write(File, [.. Volatile.Read(ref _files).Order(StringComparer.Ordinal)], StateJson.Default.StringArray);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                LogUnwritable(File, e.Message);
            }
        }
    }

    [LoggerMessage(LogLevel.Warning, "The list of pinned snapshots {File} cannot be read ({Reason}): none is pinned.")]
    private partial void LogUnreadable(string file, string reason);

    [LoggerMessage(LogLevel.Warning, "The list of pinned snapshots {File} cannot be written ({Reason}): it is lost at the next start.")]
    private partial void LogUnwritable(string file, string reason);
}
