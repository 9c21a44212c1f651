using System.Text.Json;
using Microsoft.Extensions.Logging;

namespace Bioproxy.Host.Models.Snapshots;

/// <summary>
/// The sidecars on disk. A sidecar's own modification time is when its snapshot was last used. Quarantined ones keep their content under
/// another name for people to read: the newest 20, for at most 30 days.
/// </summary>
internal sealed partial class SidecarFolder(StateFolder folder, string defaultPlace, TimeProvider time, ILogger logger)
{
    public const int MostQuarantined = 20;
    private const string Extension = ".json";
    private const string Quarantined = ".quarantined";

    public static readonly TimeSpan QuarantineAge = TimeSpan.FromDays(30);
    private readonly ILogger _logger = logger;

    /// <summary>Reads all sidecars; a broken one is quarantined and named in the log.</summary>
    public IReadOnlyList<(Snapshot Snapshot, DateTimeOffset LastUsed)> Load()
    {
        folder.Create();
        foreach (var leftover in Directory.GetFiles(folder.Snapshots, "*.tmp"))
            File.Delete(leftover);
        var loaded = new List<(Snapshot, DateTimeOffset)>();
        foreach (var path in Directory.GetFiles(folder.Snapshots, "*" + Extension))
        {
            try
            {
                using var file = File.OpenRead(path);
                loaded.Add((SnapshotSidecar.Read(file).ToSnapshot(defaultPlace), File.GetLastWriteTimeUtc(path)));
            }
            catch (Exception e) when (e is JsonException or FormatException or IOException or UnauthorizedAccessException)
            {
                LogBroken(path, e.Message);
                Move(path);
            }
        }

        DeleteOldQuarantined();
        return loaded;
    }

    /// <exception cref="IOException">The sidecar cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">The sidecar cannot be written.</exception>
    public void Write(Snapshot snapshot) =>
        StateFolder.Write(PathOf(snapshot.File), SnapshotSidecar.Of(snapshot), StateJson.Default.SnapshotSidecar);

    public void Delete(string file)
    {
        try
        {
            File.Delete(PathOf(file));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            LogCannotRemove(PathOf(file), e.Message); // without its file the snapshot is dropped at the next start
        }
    }

    /// <summary>Keeps the sidecar of a snapshot that failed, under another name.</summary>
    public void Quarantine(string file)
    {
        Move(PathOf(file));
        DeleteOldQuarantined();
    }

    /// <summary>Remembers when the snapshot was last used.</summary>
    public void Touch(string file, DateTimeOffset now)
    {
        try
        {
            File.SetLastWriteTimeUtc(PathOf(file), now.UtcDateTime);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // it only ages faster
        }
    }

    private void Move(string path)
    {
        try
        {
            if (!File.Exists(path))
                return;
            File.Move(path, path + Quarantined, overwrite: true);
            File.SetLastWriteTimeUtc(path + Quarantined, time.GetUtcNow().UtcDateTime);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            LogCannotRemove(path, e.Message);
        }
    }

    private void DeleteOldQuarantined()
    {
        try
        {
            var oldest = time.GetUtcNow() - QuarantineAge;
            var byAge = new DirectoryInfo(folder.Snapshots).GetFiles("*" + Quarantined).OrderByDescending(file => file.LastWriteTimeUtc);
            foreach (var old in byAge.Where((file, at) => at >= MostQuarantined || file.LastWriteTimeUtc < oldest.UtcDateTime))
                old.Delete();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            LogCannotRemove(folder.Snapshots, e.Message);
        }
    }

    private string PathOf(string file) => Path.Combine(folder.Snapshots, file + Extension);

    [LoggerMessage(LogLevel.Warning,
        "The sidecar {Path} is unusable ({Reason}). It was quarantined; the state it described will be computed again.")]
    private partial void LogBroken(string path, string reason);

    [LoggerMessage(LogLevel.Warning, "Sidecars could not be moved or deleted: {Path}: {Reason}")]
    private partial void LogCannotRemove(string path, string reason);
}
