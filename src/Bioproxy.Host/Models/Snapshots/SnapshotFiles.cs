using System.Globalization;
using System.Security.Cryptography;
using Bioproxy.Host.Backends;
using Bioproxy.Host.Configuration;
using Bioproxy.Host.Models.Slots;
using Microsoft.Extensions.Logging;

namespace Bioproxy.Host.Models.Snapshots;

/// <summary>
/// The names of our files in llama-server's slot folder. A name that is free again is given out before a new one, so there are never
/// more files than there were snapshots at once. Names carry a mark of this state folder: two proxies may share a slot folder.
/// <para>
/// llama-server cannot delete. Where the folder can be reached, files are deleted; elsewhere a file is shrunk to some 40 bytes by saving an
/// empty slot under its name, or keeps its bytes until its name is used again. A slot that does not exist is none to save: the server takes
/// its number modulo theirs (measured on build 11669).
/// </para>
/// </summary>
internal sealed partial class SnapshotFiles(LlamaClient? client, SlotTable? table, StateFolder folder, ProxyOptions options, ILogger<SnapshotFiles> logger)
{
    private readonly Lock _lock = new();
    private readonly SortedSet<int> _free = [];
    private readonly ILogger<SnapshotFiles> _logger = logger;
    private string _mark = "";
    private int _next = 1;
    private Task _discarding = Task.CompletedTask;

    /// <summary>Reads the mark, and learns which names are taken.</summary>
    public void Load(IEnumerable<Snapshot> taken)
    {
        _mark = Mark();
        lock (_lock)
        {
            var numbers = taken.Select(s => NumberOf(s.File)).OfType<int>().ToHashSet();
            _next = numbers.Count == 0 ? 1 : numbers.Max() + 1;
            for (var i = 1; i < _next; i++)
            {
                if (!numbers.Contains(i))
                    _free.Add(i);
            }
        }
    }

    /// <summary>A name that no snapshot uses.</summary>
    public string Take()
    {
        lock (_lock)
        {
            var number = _next;
            if (_free.Count > 0)
                _free.Remove(number = _free.Min);
            else
                _next++;
            return $"bioproxy-{_mark}-{number.ToString("0000", CultureInfo.InvariantCulture)}.bin";
        }
    }

    /// <summary>A file is not needed any more: its bytes go, and its name is free.</summary>
    public void Discard(string file)
    {
        if (options.KvDirectory is not { } directory)
        {
            lock (_lock)
                _discarding = Task.WhenAll(_discarding, ShrinkAsync(file));
            return;
        }

        try
        {
            File.Delete(Path.Combine(directory, file));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            LogCannotDelete(file, e.Message);
        }

        Free(file);
    }

    /// <summary>Completes when the files discarded so far are gone, or could not be.</summary>
    public Task WhenDiscarded()
    {
        lock (_lock)
            return _discarding;
    }

    /// <summary>Saved states are prompts: where the file is ours, nobody else may read it.</summary>
    public void Protect(string file)
    {
        if (options.KvDirectory is not { } directory || OperatingSystem.IsWindows())
            return;
        try
        {
            File.SetUnixFileMode(Path.Combine(directory, file), UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // another user's server wrote it; the folder's own mode decides, and doctor looks at it
        }
    }

    /// <summary>Free bytes on the disk of the slot folder; null where it cannot be reached.</summary>
    public long? FreeBytes()
    {
        try
        {
            return options.KvDirectory is { } directory ? new DriveInfo(directory).AvailableFreeSpace : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return null;
        }
    }

    /// <summary>Makes the slot folder and the catalogue agree: files of ours that nothing describes are removed, snapshots whose file is gone
    /// or has another size are dropped.</summary>
    public void Reconcile(SnapshotCatalogue catalogue)
    {
        if (options.KvDirectory is not { } directory)
            return;
        var described = catalogue.All;
        var missing = described.Where(s => !IsThere(s)).ToList();
        if (missing.Count > 0 && missing.Count == described.Count)
        {
            LogOtherFolder(directory, described.Count);
            return; // nothing is lost while this is mended: a snapshot without its file is not restored
        }

        foreach (var snapshot in missing)
            catalogue.Remove(snapshot);
        var names = described.Select(s => s.File).ToHashSet(StringComparer.Ordinal);
        var orphans = 0;
        var foreign = 0;
        foreach (var path in Directory.EnumerateFiles(directory, "bioproxy-*.bin"))
        {
            var name = Path.GetFileName(path);
            if (names.Contains(name))
                continue;
            if (NumberOf(name) is null)
            {
                foreign++;
                continue;
            }

            orphans++;
            Discard(name);
        }

        if (orphans + missing.Count + foreign > 0)
            LogReconciled(orphans, missing.Count, foreign);
    }

    public bool IsThere(Snapshot snapshot) =>
        options.KvDirectory is not { } directory || (new FileInfo(Path.Combine(directory, snapshot.File)) is { Exists: true } file && file.Length == snapshot.Bytes);

    private async Task ShrinkAsync(string file)
    {
        if (client is null || !await TryShrinkAsync(client, file).ConfigureAwait(false))
            LogNotShrunk(file);
        Free(file); // not before: who gets the name next writes to it
    }

    private async Task<bool> TryShrinkAsync(LlamaClient server, string file)
    {
        if (table is null)
        {
            var slots = await server.GetSlotsAsync(CancellationToken.None).ConfigureAwait(false);
            return slots.Value?.FirstOrDefault(s => s is { IsProcessing: false, PromptTokens: null or 0 }) is { } empty && await SaveNothingAsync(empty.Id).ConfigureAwait(false);
        }

        if (table.TryBorrowSpare() is not { Slot: { } slot } work)
            return false;
        try
        {
            await server.EraseAsync(slot, CancellationToken.None).ConfigureAwait(false);
            return await SaveNothingAsync(slot).ConfigureAwait(false);
        }
        finally
        {
            table.EndSave(work, null, isContradicted: false);
        }

        async Task<bool> SaveNothingAsync(int from) => (await server.SaveAsync(from, file, CancellationToken.None).ConfigureAwait(false)).Value is { Tokens: 0 };
    }

    private void Free(string file)
    {
        lock (_lock)
        {
            if (NumberOf(file) is { } number && number < _next)
                _free.Add(number);
        }
    }

    private string Mark()
    {
        var path = Path.Combine(folder.Path, "mark");
        try
        {
            if (File.Exists(path) && File.ReadAllText(path).Trim() is { Length: 6 } known && known.All(char.IsAsciiHexDigitLower))
                return known;
            var mark = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(3));
            File.WriteAllText(path, mark);
            return mark;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            LogNoMark(path, e.Message);
            return Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(3));
        }
    }

    private int? NumberOf(string file) =>
        file.StartsWith($"bioproxy-{_mark}-", StringComparison.Ordinal) && file.EndsWith(".bin", StringComparison.Ordinal)
        && int.TryParse(file.AsSpan(10 + _mark.Length, file.Length - 14 - _mark.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : null;

    [LoggerMessage(LogLevel.Warning, "The old snapshot {File} could not be deleted: {Reason}")]
    private partial void LogCannotDelete(string file, string reason);

    [LoggerMessage(LogLevel.Debug, "The old snapshot {File} keeps its bytes until its name is used again: llama-server has no empty slot to save instead (kv.directory would let it be deleted).")]
    private partial void LogNotShrunk(string file);

    [LoggerMessage(LogLevel.Warning, "kv.directory {Directory} holds none of the {Count} snapshots: is it the folder of llama-server's --slot-save-path?")]
    private partial void LogOtherFolder(string directory, int count);

    [LoggerMessage(LogLevel.Information, "The slot folder was tidied: {Orphans} files that nothing described were removed, {Missing} snapshots without their file dropped; {Foreign} files of other proxies left alone.")]
    private partial void LogReconciled(int orphans, int missing, int foreign);

    [LoggerMessage(LogLevel.Warning, "{Path} cannot be read or written ({Reason}): the files of this run will be orphans of the next.")]
    private partial void LogNoMark(string path, string reason);
}
