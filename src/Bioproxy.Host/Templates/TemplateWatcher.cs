using Microsoft.Extensions.Logging;

namespace Bioproxy.Host.Templates;

/// <summary>
/// Refreshes the library soon after a template file changed. Watches the folders, not the files, and all events: an editor's atomic replace
/// is a rename, and a mounted configuration changes by moving a link. Lost events are not fatal: somebody calls
/// <see cref="TemplateLibrary.RefreshAll"/> now and then.
/// </summary>
internal sealed partial class TemplateWatcher : IDisposable
{
    /// <summary>How long a folder must be quiet: a file that is being written is not read half.</summary>
    public static readonly TimeSpan Quiet = TimeSpan.FromMilliseconds(150);

    /// <summary>The longest delay in a folder that is never quiet.</summary>
    public static readonly TimeSpan MaxDelay = TimeSpan.FromSeconds(1);

    private readonly TemplateLibrary _library;
    private readonly TimeProvider _time;
    private readonly ILogger<TemplateWatcher> _logger;
    private readonly ITimer _timer;
    private readonly Lock _lock = new();
    private readonly Dictionary<string, FileSystemWatcher> _watchers = new(StringComparer.Ordinal);
    private long _firstEvent;
    private bool _due;
    private bool _disposed;

    public TemplateWatcher(TemplateLibrary library, TimeProvider time, ILogger<TemplateWatcher> logger)
    {
        _library = library;
        _time = time;
        _logger = logger;
        _timer = time.CreateTimer(_ => OnQuiet(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Raised after something changed and was read, on a pool thread, with the prefixes that now render another text.</summary>
    public event Action<IReadOnlyList<string>>? Changed;

    /// <summary>Starts watching. Changes made before are found by a first check.</summary>
    public void Start()
    {
        _library.FilesChanged += Follow;
        Follow();
    }

    /// <summary>Asks for a check soon, as if a file had changed.</summary>
    public void Poke()
    {
        lock (_lock)
        {
            if (_disposed)
                return;
            if (!_due)
            {
                _due = true;
                _firstEvent = _time.GetTimestamp();
            }

            var left = MaxDelay - _time.GetElapsedTime(_firstEvent);
            _timer.Change(left < Quiet ? (left > TimeSpan.Zero ? left : TimeSpan.Zero) : Quiet, Timeout.InfiniteTimeSpan);
        }
    }

    public void Dispose()
    {
        _library.FilesChanged -= Follow;
        List<FileSystemWatcher> watchers;
        lock (_lock)
        {
            _disposed = true;
            watchers = [.. _watchers.Values];
            _watchers.Clear();
        }

        _timer.Dispose();
        foreach (var watcher in watchers)
            watcher.Dispose();
    }

    private void OnQuiet()
    {
        lock (_lock)
        {
            if (_disposed)
                return;
            _due = false;
        }

        try
        {
            var changed = _library.RefreshAll();
            // Folders may have come or gone, even if the list of files is the same.
            Follow();
            if (changed.Count > 0)
                Changed?.Invoke(changed);
        }
        catch (Exception e)
        {
            // The fence of a timer: nobody else would hear of it.
            CheckFailed(e);
        }
    }

    /// <summary>Watches the folders of the library's files, and no others.</summary>
    private void Follow()
    {
        var wanted = FoldersToWatch();
        List<FileSystemWatcher> obsolete;
        List<string> missing;
        lock (_lock)
        {
            if (_disposed)
                return;
            obsolete = [.. _watchers.Where(pair => !wanted.Contains(pair.Key)).Select(pair => pair.Value)];
            foreach (var watcher in obsolete)
                _watchers.Remove(watcher.Path);
            missing = [.. wanted.Where(folder => !_watchers.ContainsKey(folder))];
        }

        foreach (var watcher in obsolete)
            watcher.Dispose();
        var added = false;
        foreach (var folder in missing)
            added |= Watch(folder);
        // Between the reading and now something may have changed unseen.
        if (added)
            Poke();
    }

    private HashSet<string> FoldersToWatch()
    {
        var folders = new HashSet<string>(StringComparer.Ordinal);
        foreach (var file in _library.Files)
        {
            Add(Path.GetDirectoryName(file));
            try
            {
                Add(Path.GetDirectoryName(RealPath.Of(file)));
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // The reading reports it; the folder as written is watched all the same.
            }
        }

        return folders;

        void Add(string? folder)
        {
            if (Directory.Exists(folder))
                folders.Add(folder);
        }
    }

    private bool Watch(string folder)
    {
        FileSystemWatcher? watcher = null;
        try
        {
            watcher = new FileSystemWatcher(folder)
            {
                NotifyFilter = NotifyFilters.FileName | NotifyFilters.DirectoryName | NotifyFilters.LastWrite | NotifyFilters.Size | NotifyFilters.CreationTime,
            };
            watcher.Changed += (_, _) => Poke();
            watcher.Created += (_, _) => Poke();
            watcher.Deleted += (_, _) => Poke();
            watcher.Renamed += (_, _) => Poke();
            watcher.Error += (sender, e) => OnError((FileSystemWatcher)sender, e.GetException());
            watcher.EnableRaisingEvents = true;
            lock (_lock)
            {
                if (!_disposed && _watchers.TryAdd(folder, watcher))
                    return true;
            }

            watcher.Dispose();
            return false;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            watcher?.Dispose();
            CannotWatch(folder, e.Message);
            return false;
        }
    }

    // Events were lost (overflow) or the folder is gone: look at everything, with a fresh watcher.
    private void OnError(FileSystemWatcher watcher, Exception error)
    {
        WatcherFailed(watcher.Path, error.Message);
        lock (_lock)
        {
            if (_watchers.GetValueOrDefault(watcher.Path) == watcher)
                _watchers.Remove(watcher.Path);
        }

        watcher.Dispose();
        Poke();
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Folder {Folder} cannot be watched; changes of its templates are seen at the next regular check. {Reason}")]
    private partial void CannotWatch(string folder, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "Watching {Folder} failed, its templates are checked now: {Reason}")]
    private partial void WatcherFailed(string folder, string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "Checking the templates after a change failed; the next change or regular check tries again")]
    private partial void CheckFailed(Exception exception);
}
