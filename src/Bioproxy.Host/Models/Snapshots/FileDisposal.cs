using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Bioproxy.Host.Models.Snapshots;

/// <summary>
/// Frees the bytes of files that are not needed any more, then their names. llama-server cannot delete: where its folder cannot be reached,
/// a file is shrunk, or keeps its bytes until its name is used again. In a cluster no name is used again, so what could not be shrunk is
/// tried again (<see cref="Retry"/>), and every proxy that hears of a removal tries: some reach the folder, and the one that owns the
/// server can shrink.
/// </summary>
internal sealed partial class FileDisposal(SlotPlaces places, FileNames names, ILogger logger)
{
    /// <summary>Files that are tried again.</summary>
    private const int MostLeft = 1000;

    private readonly Lock _lock = new();
    private readonly Registrations<(string Place, IFileShrinker Shrinker)> _shrinkers = new();
    private readonly ConcurrentQueue<(string File, string Place)> _left = new();
    private readonly ILogger _logger = logger;
    private Task _shrinking = Task.CompletedTask;

    /// <summary>Frees bytes in this place through this one, too, until disposed.</summary>
    public IDisposable Use(string place, IFileShrinker shrinker) => _shrinkers.Add((place, shrinker));

    public void Discard(string file, string place)
    {
        if (places.FolderOf(place).TryDelete(file))
        {
            names.Free(file);
            return;
        }

        var shrinking = ShrinkAsync(file, place);
        lock (_lock)
            _shrinking = Task.WhenAll(_shrinking, shrinking);
    }

    /// <summary>Tries once more to shrink what could not be shrunk, where there is something that shrinks.</summary>
    public void Retry()
    {
        for (var i = _left.Count; i > 0 && _left.TryDequeue(out var left); i--)
            Discard(left.File, left.Place);
    }

    /// <summary>Completes when the files discarded so far are gone, or could not be freed.</summary>
    public Task WhenDiscarded()
    {
        lock (_lock)
            return _shrinking;
    }

    private async Task ShrinkAsync(string file, string place)
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding); // the caller may hold a lock of its own
        try
        {
            var (isShrunk, canShrink) = (false, false);
            foreach (var (_, shrinker) in _shrinkers.Items.Where(one => one.Place == place))
            {
                canShrink = true;
                isShrunk = isShrunk || await shrinker.TryShrinkAsync(file, CancellationToken.None).ConfigureAwait(false);
            }

            if (!isShrunk && places.AreShared)
                LeaveForLater(file, place, canShrink);
            else if (!isShrunk)
                LogNotShrunk(file);
        }
        catch (Exception e)
        {
            LogShrinkFailed(e, file); // the fence of a background task
        }

        names.Free(file); // not before: who gets the name next writes to it
    }

    /// <summary>Where nothing here shrinks, another proxy owns the server.</summary>
    private void LeaveForLater(string file, string place, bool canShrink)
    {
        if (!canShrink)
            return;
        LogLeft(file);
        if (_left.Count < MostLeft)
            _left.Enqueue((file, place));
    }

    [LoggerMessage(LogLevel.Debug, "The old snapshot {File} keeps its bytes until its name is used again: "
        + "llama-server has no empty slot to save under its name. With kv.directory it would be deleted.")]
    private partial void LogNotShrunk(string file);

    [LoggerMessage(LogLevel.Debug, "The old snapshot {File} keeps its bytes for now: "
        + "llama-server has no empty slot to save under its name. With kv.directory it would be deleted.")]
    private partial void LogLeft(string file);

    [LoggerMessage(LogLevel.Error, "Freeing the bytes of the old snapshot {File} failed.")]
    private partial void LogShrinkFailed(Exception exception, string file);
}
