namespace Bioproxy.Host.Http;

/// <summary>The headers between proxies of a cluster, where one passes on what another sends to a server that it started. A client's header
/// of these names is never passed on.</summary>
internal static class TurnHeaders
{
    /// <summary>The turn that the request belongs to: the permission to have it passed on.</summary>
    public const string Turn = "X-Bioproxy-Turn";

    /// <summary>On an answer that is the proxy's own, because the request was not passed on: why.</summary>
    public const string Refused = "X-Bioproxy-Turn-Refused";
}
