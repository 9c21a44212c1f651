namespace Bioproxy.Host.Admin;

/// <summary>The overall result of the health report.</summary>
internal enum HealthStatus
{
    /// <summary>Everything works.</summary>
    Ok,

    /// <summary>Requests are served, but something works less well than it could; the report lists it.</summary>
    Degraded,

    /// <summary>The backend cannot serve requests now.</summary>
    Down,
}
