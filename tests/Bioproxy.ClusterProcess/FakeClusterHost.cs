using System.Collections.Concurrent;
using Bioproxy.Cluster;
using Bioproxy.Cluster.Messages;
using Bioproxy.Doubles;

namespace Bioproxy.ClusterProcess;

/// <summary>A proxy that schedules servers with one slot each, and writes down what its cluster asks of it.</summary>
internal sealed class FakeClusterHost(string name, IReadOnlyList<string> servers, LogTail events) : IClusterHost
{
    private readonly ConcurrentDictionary<string, CatalogueEntry> _entries = new(StringComparer.Ordinal);

    public ConcurrentDictionary<string, FakeServerOwner> Owned { get; } = new(StringComparer.Ordinal);

    public IReadOnlyList<string> Servers { get; } = servers;

    /// <summary>Servers that it leaves to others although they are in its configuration.</summary>
    public ConcurrentDictionary<string, bool> Refuses { get; } = new(StringComparer.Ordinal);

    public IReadOnlyList<CatalogueEntry> Entries => [.. _entries.Values];

    public IServerOwner? Own(string server)
    {
        if (!Servers.Contains(server) || Refuses.ContainsKey(server))
        {
            events.Add($"{name} refuses {server}");
            return null;
        }

        var owner = new FakeServerOwner(name, server, events, released => Owned.TryRemove(KeyValuePair.Create(server, released)));
        Owned[server] = owner;
        events.Add($"{name} owns {server}");
        return owner;
    }

    public ProxyReport Report(bool withStatus) => new()
    {
        Proxy = name,
        Version = "test",
        Configuration = "same",
        Owns = [.. Owned.Keys.Order(StringComparer.Ordinal)],
        Status = withStatus ? "{}"u8.ToArray() : [],
    };

    public Task<AdminReply> AnswerAsync(AdminRequest request, CancellationToken cancellationToken)
    {
        events.Add($"{name} was asked {request.Method} {request.Path}{request.Query} by {request.Proxy}");
        return Task.FromResult(new AdminReply { Status = 200, ContentType = "application/json", Body = request.Body });
    }

    public void Merge(IReadOnlyList<CatalogueEntry> entries)
    {
        foreach (var entry in entries)
        {
            _entries[entry.Key] = entry;
            events.Add($"{name} merged {entry.Key} {Text(entry)}");
        }
    }

    /// <summary>It has this in its own folder.</summary>
    public CatalogueEntry Keep(string key, string? value, DateTimeOffset at) =>
        _entries[key] = new CatalogueEntry { Key = key, Value = value is null ? null : System.Text.Encoding.UTF8.GetBytes(value), At = at };

    public string? TextOf(string key) => _entries.TryGetValue(key, out var entry) ? Text(entry) : null;

    private static string Text(CatalogueEntry entry) => entry.Value is { } value ? System.Text.Encoding.UTF8.GetString(value) : "removed";
}
