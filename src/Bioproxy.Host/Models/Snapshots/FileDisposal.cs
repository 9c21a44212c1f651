using Microsoft.Extensions.Logging;

namespace Bioproxy.Host.Models.Snapshots;

/// <summary>
/// Frees the bytes of files that are not needed any more, then their names. llama-server cannot delete: where its folder cannot be reached,
/// a file is shrunk, or keeps its bytes until its name is used again.
/// </summary>
internal sealed partial class FileDisposal(SlotPlaces places, FileNames names, ILogger logger)
{
    private readonly Lock _lock = new();
    private readonly Registrations<(string Place, IFileShrinker Shrinker)> _shrinkers = new();
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
            var isShrunk = false;
            foreach (var (_, shrinker) in _shrinkers.Items.Where(one => one.Place == place))
                isShrunk = isShrunk || await shrinker.TryShrinkAsync(file, CancellationToken.None).ConfigureAwait(false);
            if (!isShrunk)
                LogNotShrunk(file);
        }
        catch (Exception e)
        {
            LogShrinkFailed(e, file); // the fence of a background task
        }

        names.Free(file); // not before: who gets the name next writes to it
    }

    [LoggerMessage(LogLevel.Debug, "The old snapshot {File} keeps its bytes until its name is used again: "
        + "llama-server has no empty slot to save under its name. With kv.directory it would be deleted.")]
    private partial void LogNotShrunk(string file);

    [LoggerMessage(LogLevel.Error, "Freeing the bytes of the old snapshot {File} failed.")]
    private partial void LogShrinkFailed(Exception exception, string file);
}
