namespace Bioproxy.Cluster.Messages;

/// <summary>What a proxy tells of itself.</summary>
[GenerateSerializer]
[Alias("bioproxy.proxy-report")]
internal sealed class ProxyReport
{
    [Id(0)]
    public required string Proxy { get; init; }

    [Id(1)]
    public required string Version { get; init; }

    /// <summary>A hash of what the proxies have to agree on: backends, models, prefixes, keys.</summary>
    [Id(2)]
    public required string Configuration { get; init; }

    /// <summary>When its configuration was changed last.</summary>
    [Id(3)]
    public DateTimeOffset ConfiguredAt { get; init; }

    /// <summary>The servers that it schedules now.</summary>
    [Id(4)]
    public string[] Owns { get; init; } = [];

    /// <summary>Its <c>/status</c>, as JSON; empty where only the rest was asked.</summary>
    [Id(5)]
    public byte[] Status { get; init; } = [];

    /// <summary>It is stopping: it takes no new server.</summary>
    [Id(6)]
    public bool IsDraining { get; init; }

    /// <summary>The servers of its configuration, which it could schedule.</summary>
    [Id(7)]
    public string[] Servers { get; init; } = [];

    /// <summary>How busy the servers are that it schedules.</summary>
    [Id(8)]
    public ServerLoad[] Loads { get; init; } = [];

    /// <summary>The models that it starts itself; null without a pool.</summary>
    [Id(9)]
    public PoolMessage? Pool { get; init; }
}
