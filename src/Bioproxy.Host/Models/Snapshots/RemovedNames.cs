using System.Globalization;
using Microsoft.Extensions.Logging;

namespace Bioproxy.Host.Models.Snapshots;

/// <summary>The files of the snapshots that were removed last, and when: within bounds. They are kept in a file, to which lines are only
/// added while the proxy runs: a removal stays final when the proxy is killed before all others have heard of it.</summary>
internal sealed partial class RemovedNames(StateFolder folder, int most, ILogger logger)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, DateTimeOffset> _removed = new(StringComparer.Ordinal);
    private readonly Queue<string> _byAge = new();
    private readonly Lock _writing = new();
    private readonly ILogger _logger = logger;

    public IReadOnlyList<KeyValuePair<string, DateTimeOffset>> All
    {
        get
        {
            lock (_lock)
                return [.. _removed];
        }
    }

    private string Path => System.IO.Path.Combine(folder.Path, "removed");

    /// <summary>Reads the file, and shortens it.</summary>
    public void Load()
    {
        try
        {
            if (!File.Exists(Path))
                return;
            foreach (var line in File.ReadLines(Path))
            {
                if (line.Split(' ') is [var file, var ticks]
                    && long.TryParse(ticks, NumberStyles.None, CultureInfo.InvariantCulture, out var at))
                    Add(file, new DateTimeOffset(Math.Min(at, DateTimeOffset.MaxValue.Ticks), TimeSpan.Zero));
            }

            File.WriteAllLines(Path + ".tmp", All.Select(static one => LineOf(one.Key, one.Value)));
            File.Move(Path + ".tmp", Path, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            LogUnusable(Path, e.Message);
        }
    }

    public DateTimeOffset? Find(string file)
    {
        lock (_lock)
            return _removed.TryGetValue(file, out var at) ? at : null;
    }

    /// <summary>Remembers it; a later time replaces an earlier one. Quick: <see cref="Write"/> writes it down.</summary>
    /// <returns>Whether it is news.</returns>
    public bool Add(string file, DateTimeOffset at)
    {
        lock (_lock)
        {
            if (_removed.TryGetValue(file, out var known))
            {
                if (at <= known)
                    return false;
                _removed[file] = at;
                return true;
            }

            _removed[file] = at;
            _byAge.Enqueue(file);
            if (_byAge.Count > most)
                _removed.Remove(_byAge.Dequeue());
            return true;
        }
    }

    public void Write(string file, DateTimeOffset at)
    {
        try
        {
            lock (_writing)
                File.AppendAllText(Path, LineOf(file, at) + "\n");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            LogUnusable(Path, e.Message);
        }
    }

    private static string LineOf(string file, DateTimeOffset at) => string.Create(CultureInfo.InvariantCulture, $"{file} {at.UtcTicks}");

    [LoggerMessage(LogLevel.Warning,
        "{Path} cannot be read or written ({Reason}): after a restart a removed snapshot may be believed in until it is used.")]
    private partial void LogUnusable(string path, string reason);
}
