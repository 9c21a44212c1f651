namespace Bioproxy.Host.Admin;

/// <summary>Where the proxy listens; filled in once the listeners are up.</summary>
internal sealed class ListenAddresses
{
    /// <summary>The proxy stops soon.</summary>
    public bool IsLeaving { get; set; }

    /// <summary>Where clients connect; null before the start.</summary>
    public Uri? Proxy { get; set; }
}
