namespace Bioproxy.Host.Admin;

/// <summary>Where the proxy listens; filled in once the listeners are up.</summary>
internal sealed class ListenAddresses
{
    /// <summary>Where clients connect; null before the start.</summary>
    public Uri? Proxy { get; set; }
}
