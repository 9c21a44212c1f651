using System.Collections.Frozen;
using Bioproxy.Host.Configuration;
using Microsoft.Extensions.Logging;

namespace Bioproxy.Host.Models.Snapshots;

/// <summary>
/// The places where backends keep saved slots. Backends with one slot folder (or two folders of one <c>storage</c>) share a place: what one
/// of them saved, the other can restore. A backend whose folder cannot be reached from here has a place of its own.
/// </summary>
internal sealed class SlotPlaces
{
    private readonly ProxyOptions _options;
    private readonly FrozenDictionary<string, SlotFolder> _folders;
    private readonly SlotFolder _unreachable;

    public SlotPlaces(ProxyOptions options, ILogger logger)
    {
        _options = options;
        _unreachable = new SlotFolder(null, logger);
        _folders = options.AllBackends
            .Where(backend => backend.SlotDirectory is not null)
            .DistinctBy(Of)
            .ToFrozenDictionary(Of, backend => new SlotFolder(backend.SlotDirectory, logger), StringComparer.Ordinal);
        Default = Of(options.AllBackends[0]);
    }

    /// <summary>The first backend's place; that of snapshots whose sidecar names none.</summary>
    public string Default { get; }

    /// <summary>The folders that can be reached from here, by place.</summary>
    public IReadOnlyDictionary<string, SlotFolder> Folders => _folders;

    /// <summary>The place of a backend; empty for the only backend of <c>backend_url</c>.</summary>
    public string Of(BackendOptions backend) =>
        !_options.IsFleet ? ""
        : backend.SlotDirectory is not { } folder ? $"backend:{backend.Name}"
        : _options.Storage.TryGetValue(folder, out var name) ? $"storage:{name}" : folder;

    /// <summary>The folder of a place; one that cannot be reached for a place that is unknown.</summary>
    public SlotFolder FolderOf(string place) => _folders.GetValueOrDefault(place, _unreachable);

    /// <summary>Free bytes on the fullest disk; null where that is unknown.</summary>
    public long? FreeBytes() => _folders.Values.Min(static folder => folder.FreeBytes());
}
