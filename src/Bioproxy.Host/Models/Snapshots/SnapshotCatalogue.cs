using System.Collections.Concurrent;
using System.Text.Json;
using Bioproxy.Host.Prompts;
using Microsoft.Extensions.Logging;

namespace Bioproxy.Host.Models.Snapshots;

/// <summary>
/// The index of snapshots: for a prompt, the longest snapshot that is exactly a beginning of it. Snapshots are grouped by
/// identity, domain and the hash of their last full block; a look-up walks the prompt's blocks from the end, and within a group hashes
/// the prompt's next bytes once for every different tail length. Readers see an immutable index, swapped whole.
/// <para>
/// Who restores a snapshot holds it meanwhile: its file is not given to anybody else before the last holder let go
/// (<see cref="Unused"/>), though it may be out of the catalogue already.
/// </para>
/// </summary>
internal sealed partial class SnapshotCatalogue
{
    private readonly Lock _lock = new();
    private readonly StateFolder _folder;
    private readonly ILogger<SnapshotCatalogue> _logger;
    private readonly Dictionary<string, Snapshot> _byFile = new(StringComparer.Ordinal);
    private readonly Dictionary<Key, List<Snapshot>> _groups = [];
    private readonly ConcurrentDictionary<Key, Tail[]> _index = new();
    private readonly ConcurrentDictionary<Key, Snapshot> _through = new();
    private int _waypoints; // asking the dictionary whether it is empty takes all its locks when it is
    private readonly Dictionary<string, DateTimeOffset> _used = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _held = new(StringComparer.Ordinal);
    private readonly List<string> _quarantined = [];

    /// <summary>Every so many blocks (4 KB) a longer state can be found by what it shares with a prompt.</summary>
    private const int Waypoint = 4;

    public SnapshotCatalogue(StateFolder folder, ILogger<SnapshotCatalogue> logger)
    {
        _folder = folder;
        _logger = logger;
    }

    public IReadOnlyList<Snapshot> All
    {
        get
        {
            lock (_lock)
                return [.. _byFile.Values];
        }
    }

    /// <summary>A file is described by nothing and held by nobody any more: it may be deleted, and its name used again.</summary>
    public Action<string>? Unused { get; set; }

    /// <summary>A snapshot is not to be found any more.</summary>
    public Action<string>? Gone { get; set; }

    public int Count
    {
        get
        {
            lock (_lock)
                return _byFile.Count;
        }
    }

    /// <summary>Files that failed and why, newest last.</summary>
    public IReadOnlyList<string> Quarantined
    {
        get
        {
            lock (_lock)
                return [.. _quarantined];
        }
    }

    /// <summary>Reads all sidecars; a broken one is set aside and named in the log.</summary>
    public void Load()
    {
        _folder.Create();
        foreach (var leftover in Directory.EnumerateFiles(_folder.Snapshots, "*.tmp"))
            File.Delete(leftover);
        foreach (var path in Directory.EnumerateFiles(_folder.Snapshots, "*.json"))
        {
            try
            {
                var sidecar = StateFolder.Read(path, StateJson.Default.SnapshotSidecar) ?? throw new FormatException("it is empty");
                AddToIndex(sidecar.ToSnapshot(), File.GetLastWriteTimeUtc(path));
            }
            catch (Exception e) when (e is JsonException or FormatException or IOException or UnauthorizedAccessException)
            {
                LogBrokenSidecar(path, e.Message);
                File.Move(path, path + ".quarantined", overwrite: true);
            }
        }
    }

    /// <summary>The snapshot that covers most of a prompt's beginning, exactly, and is valid for this identity and open to the prompt's domain.</summary>
    public Snapshot? Best(CanonicalPrompt prompt, string identity)
    {
        if (_index.IsEmpty)
            return null;
        for (var blocks = prompt.Chain.BlockCount; blocks >= 0; blocks--)
        {
            var best = In(null);
            if (prompt.Domain is { } domain && In(domain) is { } own && own.Chain.Length >= (best?.Chain.Length ?? 0))
                best = own;
            if (best is not null)
                return best;

            Snapshot? In(string? domain) => _index.TryGetValue(new Key(identity, domain, prompt.Chain.After(blocks)), out var tails)
                ? Longest(tails, prompt.Text[(blocks * PromptChain.BlockSize)..], prompt.Chain.After(blocks))
                : null;
        }

        return null;
    }

    /// <summary>A snapshot that shares a long beginning with the prompt and then goes on otherwise (an edited question): the model has to
    /// go back in its state. Only of use where that beginning is longer than <see cref="Best"/>'s.</summary>
    /// <returns>It, and the bytes shared: whole waypoints.</returns>
    public (Snapshot Snapshot, int Shared)? Through(CanonicalPrompt prompt, string identity)
    {
        for (var blocks = prompt.Chain.BlockCount / Waypoint * Waypoint; blocks > 0 && Volatile.Read(ref _waypoints) > 0; blocks -= Waypoint)
        {
            if (_through.TryGetValue(new Key(identity, prompt.Domain, prompt.Chain.After(blocks)), out var found)
                || (prompt.Domain is not null && _through.TryGetValue(new Key(identity, null, prompt.Chain.After(blocks)), out found)))
                return (found, blocks * PromptChain.BlockSize);
        }

        return null;
    }

    /// <summary>Writes the sidecar and makes the snapshot findable.</summary>
    public void Add(Snapshot snapshot)
    {
        StateFolder.Write(PathOf(snapshot.File), SnapshotSidecar.Of(snapshot), StateJson.Default.SnapshotSidecar);
        AddToIndex(snapshot, snapshot.Created);
    }

    /// <summary>Forgets a snapshot: first the index, then the sidecar, then its file, so that nothing describes a file that is about to change.</summary>
    public void Remove(Snapshot snapshot)
    {
        if (!TryTakeOut(snapshot))
            return;
        try
        {
            File.Delete(PathOf(snapshot.File));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            LogCannotSetAside(PathOf(snapshot.File), e.Message); // without its file it is dropped at the next start
        }

        LetGo(snapshot);
    }

    /// <summary>Keeps a snapshot's file as it is until <see cref="LetGo"/>.</summary>
    /// <returns>False when it is not in the catalogue any more.</returns>
    public bool TryHold(Snapshot snapshot)
    {
        lock (_lock)
        {
            if (!_byFile.TryGetValue(snapshot.File, out var known) || !ReferenceEquals(known, snapshot))
                return false;
            _held[snapshot.File] = _held.GetValueOrDefault(snapshot.File) + 1;
            return true;
        }
    }

    public void LetGo(Snapshot snapshot)
    {
        lock (_lock)
        {
            if (--_held[snapshot.File] > 0)
                return;
            _held.Remove(snapshot.File);
            if (_byFile.ContainsKey(snapshot.File))
                return;
        }

        Unused?.Invoke(snapshot.File);
    }

    public bool IsHeld(Snapshot snapshot)
    {
        lock (_lock)
            return _held.ContainsKey(snapshot.File);
    }

    /// <summary>It was restored just now. The sidecar's own time remembers it.</summary>
    public void Use(Snapshot snapshot, DateTimeOffset now)
    {
        lock (_lock)
            _used[snapshot.File] = now;
        try
        {
            File.SetLastWriteTimeUtc(PathOf(snapshot.File), now.UtcDateTime);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // it only ages faster
        }
    }

    public DateTimeOffset LastUsed(Snapshot snapshot)
    {
        lock (_lock)
            return _used.GetValueOrDefault(snapshot.File, snapshot.Created);
    }

    /// <summary>Sets a snapshot aside that failed; its sidecar is kept under another name for people to look at.</summary>
    public void Quarantine(Snapshot snapshot, string reason)
    {
        var isOurs = TryTakeOut(snapshot);
        lock (_lock)
        {
            _quarantined.Add($"{snapshot.File}: {reason}");
            if (_quarantined.Count > 20)
                _quarantined.RemoveAt(0);
        }

        LogQuarantined(snapshot.File, snapshot.Label, reason);
        if (!isOurs)
            return; // out already: by now its name may be another one's
        try
        {
            if (File.Exists(PathOf(snapshot.File)))
                File.Move(PathOf(snapshot.File), PathOf(snapshot.File) + ".quarantined", overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            LogCannotSetAside(PathOf(snapshot.File), e.Message);
        }

        LetGo(snapshot);
    }

    /// <summary>Takes this very snapshot out of the index, and holds its file until its sidecar is gone too.</summary>
    /// <returns>False when it is out already.</returns>
    private bool TryTakeOut(Snapshot snapshot)
    {
        lock (_lock)
            return TryHold(snapshot) && RemoveFromIndex(snapshot.File);
    }

    /// <summary>The longest of the snapshots behind one block that the prompt begins with.</summary>
    /// <param name="tails">What may follow the block, the shortest first: the checksum of each goes on from the one before.</param>
    /// <param name="rest">The prompt behind that block.</param>
    /// <param name="block">The block's hash.</param>
    private static Snapshot? Longest(Tail[] tails, ReadOnlySpan<byte> rest, ChainHash block)
    {
        Snapshot? longest = null;
        var (check, at) = (PromptChain.NoCheck, 0);
        foreach (var tail in tails)
        {
            if (tail.Length > rest.Length)
                break;
            (check, at) = (PromptChain.Check(check, rest[at..tail.Length]), tail.Length);
            if (tail.MayBe(check) && tail.ByEnd.TryGetValue(ChainHash.Next(block, rest[..tail.Length]), out var found))
                longest = found;
        }

        return longest;
    }

    private string PathOf(string file) => Path.Combine(_folder.Snapshots, file + ".json");

    private void AddToIndex(Snapshot snapshot, DateTimeOffset used)
    {
        lock (_lock)
        {
            RemoveFromIndex(snapshot.File);
            _byFile[snapshot.File] = snapshot;
            _used[snapshot.File] = used;
            var key = KeyOf(snapshot, snapshot.Chain.BlockCount);
            if (!_groups.TryGetValue(key, out var group))
                _groups[key] = group = [];
            group.Add(snapshot);
            Index_NeedsLock(key);
            for (var blocks = Waypoint; blocks <= snapshot.Chain.BlockCount; blocks += Waypoint)
                _through[KeyOf(snapshot, blocks)] = snapshot; // the newest serves all that pass here
            _waypoints = _through.Count;
        }
    }

    private bool RemoveFromIndex(string file)
    {
        lock (_lock)
        {
            if (!_byFile.Remove(file, out var snapshot))
                return false;
            _used.Remove(file);
            var key = KeyOf(snapshot, snapshot.Chain.BlockCount);
            _groups[key].Remove(snapshot);
            Index_NeedsLock(key);
            for (var blocks = Waypoint; blocks <= snapshot.Chain.BlockCount; blocks += Waypoint)
                _through.TryRemove(new(KeyOf(snapshot, blocks), snapshot));
            _waypoints = _through.Count;
        }

        Gone?.Invoke(file);
        return true;
    }

    /// <summary>Makes one group anew. Two snapshots may stand for the same text (two prefixes of one template): the newer serves both.</summary>
    private void Index_NeedsLock(Key key)
    {
        var tails = _groups[key].GroupBy(s => s.Chain.TailLength)
            .OrderBy(g => g.Key)
            .Select(g => new Tail(g.Key, g.GroupBy(s => s.Chain.End).ToDictionary(e => e.Key, e => e.MaxBy(s => s.Created)!)))
            .ToArray();
        if (tails.Length > 0)
        {
            _index[key] = tails;
            return;
        }

        _groups.Remove(key);
        _index.TryRemove(key, out _);
    }

    private static Key KeyOf(Snapshot snapshot, int blocks) => new(snapshot.Identity, snapshot.Domain, snapshot.Chain.After(blocks));

    [LoggerMessage(LogLevel.Warning, "The sidecar {Path} cannot be used ({Reason}); it was set aside, and what it described will be computed again.")]
    private partial void LogBrokenSidecar(string path, string reason);

    [LoggerMessage(LogLevel.Warning, "Snapshot {File} of {Prefix} is not used any more: {Reason}.")]
    private partial void LogQuarantined(string file, string prefix, string reason);

    [LoggerMessage(LogLevel.Warning, "The sidecar {Path} could not be removed: {Reason}")]
    private partial void LogCannotSetAside(string path, string reason);

    private readonly record struct Key(string Identity, string? Domain, ChainHash Block);

    /// <summary>The texts that end so many bytes behind the same last block. Many lengths (short texts) are told apart by their checksums first.</summary>
    private sealed class Tail(int length, Dictionary<ChainHash, Snapshot> byEnd)
    {
        private readonly HashSet<uint>? _checks = byEnd.Values.All(s => s.Chain.TailCheck is not null) ? [.. byEnd.Values.Select(s => s.Chain.TailCheck!.Value)] : null;

        public int Length => length;

        public Dictionary<ChainHash, Snapshot> ByEnd => byEnd;

        public bool MayBe(uint check) => _checks?.Contains(check) != false;
    }
}
