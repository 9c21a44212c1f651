using System.Collections.Frozen;
using Bioproxy.Host.Configuration;
using Microsoft.Extensions.Logging;

namespace Bioproxy.Host.Models.Snapshots;

/// <summary>
/// The places where backends keep saved slots. Backends with one slot folder (or two folders of one <c>storage</c>) share a place: what one
/// of them saved, the other can restore. A backend whose folder cannot be reached from here has a place of its own.
/// <para>
/// All proxies of a cluster have one configuration, so they call a place the same, but one of them may not reach its folder: there the
/// configured path does not exist, and nothing that depends on seeing the files is done. The servers that a proxy starts itself keep their
/// files on its machine: what they saved is of no use to others.
/// </para>
/// </summary>
internal sealed class SlotPlaces
{
    private const string Storage = "storage:";

    private readonly ProxyOptions _options;
    private readonly FrozenSet<string> _ofPool;
    private FrozenDictionary<string, SlotFolder> _folders;
    private readonly SlotFolder _unreachable;

    public SlotPlaces(ProxyOptions options, ILogger logger)
    {
        _options = options;
        _unreachable = new SlotFolder(null, logger);
        _folders = options.AllBackends
            .Where(backend => backend.SlotDirectory is not null)
            .DistinctBy(Of)
            .ToFrozenDictionary(Of, backend => new SlotFolder(backend.SlotDirectory, logger), StringComparer.Ordinal);
        _ofPool = options.AllBackends.Where(static backend => backend.IsPooled).Select(Of)
            .Where(static place => !place.StartsWith(Storage, StringComparison.Ordinal)).ToFrozenSet(StringComparer.Ordinal);
        Default = Of(options.AllBackends[0]);
    }

    /// <summary>The first backend's place; that of snapshots whose sidecar names none.</summary>
    public string Default { get; }

    /// <summary>Other proxies save snapshots in the same places.</summary>
    public bool AreShared { get; private set; }

    /// <summary>The folders that can be reached from here, by place.</summary>
    public IReadOnlyDictionary<string, SlotFolder> Folders => _folders;

    /// <summary>Other proxies may reach what this one does not: a folder that does not exist here cannot be reached.</summary>
    public void Share()
    {
        AreShared = true;
        _folders = _folders.Where(static one => Directory.Exists(one.Value.Directory)).ToFrozenDictionary(StringComparer.Ordinal);
    }

    /// <summary>The place of a backend; empty for the only backend of <c>backend_url</c>.</summary>
    public string Of(BackendOptions backend) =>
        !_options.IsFleet ? ""
        : backend.SlotDirectory is not { } folder ? $"backend:{backend.Name}"
        : _options.Storage.TryGetValue(folder, out var name) ? Storage + name : folder;

    /// <summary>What is saved there concerns other proxies.</summary>
    public bool IsShared(string place) => AreShared && !_ofPool.Contains(place);

    /// <summary>The folder of a place; one that cannot be reached for a place that is unknown.</summary>
    public SlotFolder FolderOf(string place) => _folders.GetValueOrDefault(place, _unreachable);

    /// <summary>Free bytes on the fullest disk; null where that is unknown.</summary>
    public long? FreeBytes() => _folders.Values.Min(static folder => folder.FreeBytes());
}
