namespace Bioproxy.Host.Admin;

/// <summary>Where the proxy listens; filled in once the listeners are up.</summary>
internal sealed class ListenAddresses
{
    /// <summary>A balancer should send clients here: the proxy has met its cluster, if it is in one, and does not stop soon.</summary>
    public bool IsOpen { get; set; } = true;

    /// <summary>Where clients connect; null before the start.</summary>
    public Uri? Proxy { get; set; }
}
