using System.Collections.Concurrent;
using Bioproxy.Host.Configuration;
using Bioproxy.Host.Threading;
using Microsoft.Extensions.Logging;

namespace Bioproxy.Host.Templates;

/// <summary>
/// Refreshes the library soon after a template file has changed. It watches folders, not files, and all events: an editor's atomic replace
/// is a rename, and a mounted configuration changes by moving a link. Lost events are not fatal: warm-up refreshes the library, too.
/// </summary>
internal sealed partial class TemplateWatcher
{
    /// <summary>How long the folders must be quiet, so that a file is not read while it is being written.</summary>
    public static readonly TimeSpan Quiet = TimeSpan.FromMilliseconds(150);

    /// <summary>The longest delay in a folder that is never quiet.</summary>
    public static readonly TimeSpan MaxDelay = TimeSpan.FromSeconds(1);

    private readonly TemplateLibrary _library;
    private readonly Action<IReadOnlyList<string>> _changed;
    private readonly TimeProvider _time;
    private readonly ILogger<TemplateWatcher> _logger;
    private readonly WakeSignal _signal = new();
    private readonly Dictionary<string, FileSystemWatcher> _watchers = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<FileSystemWatcher> _broken = new();

    /// <param name="library">The templates.</param>
    /// <param name="changed">Called with the triggers that render another text after a change on disk.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Logs folders that cannot be watched.</param>
    public TemplateWatcher(
        TemplateLibrary library, Action<IReadOnlyList<string>> changed, TimeProvider time, ILogger<TemplateWatcher> logger)
    {
        _library = library;
        _changed = changed;
        _time = time;
        _logger = logger;
    }

    /// <summary>Watches until it is stopped. Changes made before are found by a first check.</summary>
    public async Task RunAsync(CancellationToken stopping)
    {
        _library.FilesChanged += _signal.Set;
        try
        {
            _signal.Set();
            while (true)
            {
                await _signal.WaitAsync(Timeout.InfiniteTimeSpan, _time, stopping).ConfigureAwait(false);
                await WaitUntilQuietAsync(stopping).ConfigureAwait(false);
                await CheckAsync(stopping).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // the proxy stops
        }
        finally
        {
            _library.FilesChanged -= _signal.Set;
            foreach (var watcher in _watchers.Values)
                watcher.Dispose();
        }
    }

    private async Task WaitUntilQuietAsync(CancellationToken stopping)
    {
        var first = _time.GetTimestamp();
        for (var left = MaxDelay; left > TimeSpan.Zero; left = MaxDelay - _time.GetElapsedTime(first))
        {
            if (!await _signal.WaitAsync(left < Quiet ? left : Quiet, _time, stopping).ConfigureAwait(false))
                return;
        }
    }

    private async Task CheckAsync(CancellationToken stopping)
    {
        try
        {
            var changed = await _library.RefreshAllAsync(stopping).ConfigureAwait(false);
            Follow(); // folders may have come or gone even if the list of files is the same
            if (changed.Count > 0)
                _changed(changed);
        }
        catch (Exception e) when (!stopping.IsCancellationRequested)
        {
            LogCheckFailed(e); // the fence of a background loop
        }
    }

    /// <summary>Watches the folders of the library's files, and no others.</summary>
    private void Follow()
    {
        while (_broken.TryDequeue(out var broken))
            Forget(broken);
        var wanted = FoldersToWatch();
        foreach (var obsolete in _watchers.Values.Where(watcher => !wanted.Contains(watcher.Path)).ToList())
            Forget(obsolete);
        foreach (var folder in wanted)
        {
            // Between the reading and now something may have changed unseen.
            if (!_watchers.ContainsKey(folder) && Watch(folder))
                _signal.Set();
        }
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
                NotifyFilter = NotifyFilters.FileName | NotifyFilters.DirectoryName | NotifyFilters.LastWrite
                    | NotifyFilters.Size | NotifyFilters.CreationTime,
            };
            watcher.Changed += (_, _) => _signal.Set();
            watcher.Created += (_, _) => _signal.Set();
            watcher.Deleted += (_, _) => _signal.Set();
            watcher.Renamed += (_, _) => _signal.Set();
            watcher.Error += (sender, e) => OnError((FileSystemWatcher)sender, e.GetException());
            watcher.EnableRaisingEvents = true;
            _watchers.Add(folder, watcher);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            watcher?.Dispose();
            LogCannotWatch(folder, e.Message);
            return false;
        }
    }

    private void Forget(FileSystemWatcher watcher)
    {
        if (_watchers.GetValueOrDefault(watcher.Path) == watcher)
            _watchers.Remove(watcher.Path);
        watcher.Dispose();
    }

    // Events were lost (overflow), or the folder is gone: everything is checked, and the folder gets a new watcher.
    private void OnError(FileSystemWatcher watcher, Exception error)
    {
        LogWatcherFailed(watcher.Path, error.Message);
        _broken.Enqueue(watcher);
        _signal.Set();
    }

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "Folder {Folder} cannot be watched; changes of its templates are found by the next regular check. {Reason}")]
    private partial void LogCannotWatch(string folder, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "Watching {Folder} failed; its templates are checked now. {Reason}")]
    private partial void LogWatcherFailed(string folder, string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "Checking the templates failed; the next change or regular check tries again.")]
    private partial void LogCheckFailed(Exception exception);
}
