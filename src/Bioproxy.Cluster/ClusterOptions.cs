namespace Bioproxy.Cluster;

/// <summary>The <c>cluster</c> section of the configuration.</summary>
/// <param name="Redis">Host and port of Redis, or a whole StackExchange.Redis connection string.</param>
/// <param name="Name">Proxies of one name act as one.</param>
/// <param name="Advertise">Address and port where the other proxies reach this one.</param>
internal sealed record ClusterOptions(string Redis, string Name, string Advertise)
{
    /// <summary>A certificate (PEM) that all proxies have, for what they tell each other; null for plain TCP.</summary>
    public string? TlsCertificate { get; init; }

    /// <summary>The key of <see cref="TlsCertificate"/> (PEM).</summary>
    public string? TlsKey { get; init; }

    /// <summary>How long a request waits for an owner when the last one died.</summary>
    public TimeSpan OwnerLimit { get; init; } = TimeSpan.FromSeconds(15);
}
