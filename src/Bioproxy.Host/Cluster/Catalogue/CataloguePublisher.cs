using System.Collections.Concurrent;
using Bioproxy.Cluster;
using Bioproxy.Cluster.Messages;

namespace Bioproxy.Host.Cluster.Catalogue;

/// <summary>The way into the cluster. What changes before this proxy has met it is told then.</summary>
internal sealed class CataloguePublisher
{
    private readonly ConcurrentQueue<CatalogueEntry> _early = new();
    private volatile ICluster? _cluster;

    /// <summary>Why nothing may be saved now; null when it may.</summary>
    public string? SavingProblem =>
        _cluster is not { } cluster ? "this proxy has not met its cluster yet"
        : cluster.CanSave ? null
        : cluster.Problem ?? "the catalogue of the cluster cannot be written";

    public void Start(ICluster cluster)
    {
        _cluster = cluster;
        PublishEarly(cluster);
    }

    public void Publish(string kind, string name, byte[]? value, DateTimeOffset at)
    {
        var entry = Entry(kind, name, value, at);
        if (_cluster is { } cluster)
        {
            cluster.Publish(entry);
            return;
        }

        _early.Enqueue(entry);
        if (_cluster is { } met)
            PublishEarly(met);
    }

    public static CatalogueEntry Entry(string kind, string name, byte[]? value, DateTimeOffset at) =>
        new() { Key = $"{kind}/{name}", Value = value, At = at };

    private void PublishEarly(ICluster cluster)
    {
        while (_early.TryDequeue(out var entry))
            cluster.Publish(entry);
    }
}
