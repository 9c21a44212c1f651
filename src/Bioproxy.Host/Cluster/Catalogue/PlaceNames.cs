using System.Collections.Frozen;
using System.Net;
using Bioproxy.Host.Configuration;
using Bioproxy.Host.Models.Snapshots;

namespace Bioproxy.Host.Cluster.Catalogue;

/// <summary>
/// What proxies call a place among each other. Each has its own name for it, from its configuration: one path is another folder on every
/// machine, and so is one backend's name where the backend is the machine's own. A server's name is the same for all, and a folder is
/// named after a server that saves there.
/// </summary>
internal sealed class PlaceNames
{
    private const string Storage = "storage:";
    private const string Server = "server:";

    private readonly FrozenDictionary<string, string> _names;
    private readonly FrozenDictionary<string, string> _places;

    public PlaceNames(ProxyOptions options, SlotPlaces places)
    {
        var machine = IPEndPoint.Parse(options.Cluster?.Advertise ?? "127.0.0.1:0");
        var shared = options.AllBackends.Where(static backend => !backend.IsPooled)
            .Select(backend => (Name: Server + ServerName.Of(backend.Url, machine), Place: places.Of(backend)))
            .ToList();
        _names = shared.GroupBy(static one => one.Place)
            .ToFrozenDictionary(
                static one => one.Key,
                static one => one.Select(static server => server.Name).Order(StringComparer.Ordinal).First(),
                StringComparer.Ordinal);
        _places = shared.DistinctBy(static one => one.Name)
            .ToFrozenDictionary(static one => one.Name, static one => one.Place, StringComparer.Ordinal);
    }

    /// <summary>Null where the place is of no use to others: the files of a server that this proxy starts itself.</summary>
    public string? NameOf(string place) =>
        place.StartsWith(Storage, StringComparison.Ordinal) ? place : _names.GetValueOrDefault(place);

    /// <summary>Null where this proxy has no such server.</summary>
    public string? PlaceOf(string name) =>
        name.StartsWith(Storage, StringComparison.Ordinal) ? name : _places.GetValueOrDefault(name);
}
