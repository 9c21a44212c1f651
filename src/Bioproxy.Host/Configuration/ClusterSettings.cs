namespace Bioproxy.Host.Configuration;

/// <summary><c>cluster</c>: the proxies that act as one.</summary>
internal sealed record ClusterSettings
{
    /// <summary>Host and port of Redis, or a connection string with more; null for a proxy by itself.</summary>
    public string? Redis { get; init; }

    /// <summary>Proxies of one name act as one.</summary>
    public string Name { get; init; } = "bioproxy";

    /// <summary>Host and port where the other proxies reach this one; it listens there, too.</summary>
    public string Advertise { get; init; } = "";

    /// <summary>For what the proxies tell each other; null for plain TCP. All of them need the same certificate.</summary>
    public string? TlsCertificate { get; init; }

    public string? TlsKey { get; init; }

    /// <summary>How long <c>/health/ready</c> says no before the proxy stops taking connections.</summary>
    public TimeSpan LeaveDelay { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>A server is handed over once another proxy has been the better one for it for so long; zero: never.</summary>
    public TimeSpan RebalanceDelay { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The two together; null for plain TCP.</summary>
    public TlsOptions? Tls => TlsCertificate is { } file ? new TlsOptions(file, TlsKey ?? file) : null;
}
