using System.Collections.Concurrent;
using System.Text.Json;
using Bioproxy.Host.Prompts;
using Microsoft.Extensions.Logging;

namespace Bioproxy.Host.Snapshots;

/// <summary>
/// The index of snapshots: for a prompt, the longest snapshot that is exactly a beginning of it. Snapshots are grouped by
/// identity and the hash of their last full block; a look-up walks the prompt's blocks from the end, and within a group hashes
/// the prompt's next bytes once for every different tail length. Readers see an immutable index, swapped whole.
/// </summary>
internal sealed partial class SnapshotCatalogue
{
    private readonly Lock _lock = new();
    private readonly StateFolder _folder;
    private readonly ILogger<SnapshotCatalogue> _logger;
    private readonly Dictionary<string, Snapshot> _byFile = new(StringComparer.Ordinal);
    private readonly Dictionary<Key, List<Snapshot>> _groups = [];
    private readonly ConcurrentDictionary<Key, Tail[]> _index = new();
    private readonly List<string> _quarantined = [];

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
                AddToIndex(sidecar.ToSnapshot());
            }
            catch (Exception e) when (e is JsonException or FormatException or IOException or UnauthorizedAccessException)
            {
                LogBrokenSidecar(path, e.Message);
                File.Move(path, path + ".quarantined", overwrite: true);
            }
        }
    }

    /// <summary>The snapshot that covers most of a prompt's beginning, exactly, and is valid for this identity.</summary>
    public Snapshot? Best(CanonicalPrompt prompt, string identity)
    {
        if (_index.IsEmpty)
            return null;
        for (var blocks = prompt.Chain.BlockCount; blocks >= 0; blocks--)
        {
            if (!_index.TryGetValue(new Key(identity, prompt.Chain.After(blocks)), out var tails))
                continue;
            if (Longest(tails, prompt.Text[(blocks * PromptChain.BlockSize)..], prompt.Chain.After(blocks)) is { } found)
                return found;
        }

        return null;
    }

    /// <summary>Writes the sidecar and makes the snapshot findable.</summary>
    public void Add(Snapshot snapshot)
    {
        StateFolder.Write(PathOf(snapshot.File), SnapshotSidecar.Of(snapshot), StateJson.Default.SnapshotSidecar);
        AddToIndex(snapshot);
    }

    /// <summary>Forgets a snapshot: first the index, then the sidecar, so that nothing describes a file that is about to change.</summary>
    public void Remove(string file)
    {
        RemoveFromIndex(file);
        File.Delete(PathOf(file));
    }

    /// <summary>Sets a snapshot aside that failed; its sidecar is kept under another name for people to look at.</summary>
    public void Quarantine(Snapshot snapshot, string reason)
    {
        RemoveFromIndex(snapshot.File);
        lock (_lock)
        {
            _quarantined.Add($"{snapshot.File}: {reason}");
            if (_quarantined.Count > 20)
                _quarantined.RemoveAt(0);
        }

        LogQuarantined(snapshot.File, snapshot.Prefix, reason);
        try
        {
            if (File.Exists(PathOf(snapshot.File)))
                File.Move(PathOf(snapshot.File), PathOf(snapshot.File) + ".quarantined", overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            LogCannotSetAside(PathOf(snapshot.File), e.Message);
        }
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

    private void AddToIndex(Snapshot snapshot)
    {
        lock (_lock)
        {
            RemoveFromIndex(snapshot.File);
            _byFile[snapshot.File] = snapshot;
            var key = KeyOf(snapshot);
            if (!_groups.TryGetValue(key, out var group))
                _groups[key] = group = [];
            group.Add(snapshot);
            Index_NeedsLock(key);
        }
    }

    private void RemoveFromIndex(string file)
    {
        lock (_lock)
        {
            if (!_byFile.Remove(file, out var snapshot))
                return;
            _groups[KeyOf(snapshot)].Remove(snapshot);
            Index_NeedsLock(KeyOf(snapshot));
        }
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

    private static Key KeyOf(Snapshot snapshot) => new(snapshot.Identity, snapshot.Chain.After(snapshot.Chain.BlockCount));

    [LoggerMessage(LogLevel.Warning, "The sidecar {Path} cannot be used ({Reason}); it was set aside, the template will be warmed again.")]
    private partial void LogBrokenSidecar(string path, string reason);

    [LoggerMessage(LogLevel.Warning, "Snapshot {File} of {Prefix} is not used any more: {Reason}. The template will be warmed again.")]
    private partial void LogQuarantined(string file, string prefix, string reason);

    [LoggerMessage(LogLevel.Warning, "The sidecar {Path} could not be set aside: {Reason}")]
    private partial void LogCannotSetAside(string path, string reason);

    private readonly record struct Key(string Identity, ChainHash LastBlock);

    /// <summary>The texts that end so many bytes behind the same last block. Many lengths (short texts) are told apart by their checksums first.</summary>
    private sealed class Tail(int length, Dictionary<ChainHash, Snapshot> byEnd)
    {
        private readonly HashSet<uint>? _checks = byEnd.Values.All(s => s.Chain.TailCheck is not null) ? [.. byEnd.Values.Select(s => s.Chain.TailCheck!.Value)] : null;

        public int Length => length;

        public Dictionary<ChainHash, Snapshot> ByEnd => byEnd;

        public bool MayBe(uint check) => _checks?.Contains(check) != false;
    }
}
