namespace Bioproxy.Host.Admin;

/// <summary>The word at the head of the health report.</summary>
internal enum HealthStatus
{
    /// <summary>Everything works.</summary>
    Ok,

    /// <summary>Requests are served, but something does less than it could; the report says what.</summary>
    Degraded,

    /// <summary>The backend cannot serve now.</summary>
    Down,
}
