using System.Net;
using Microsoft.AspNetCore.Http;

namespace Bioproxy.Host.Security;

/// <summary>What the headers of browsers say of a call. Pages cannot change these headers; other programs do not send them.</summary>
internal static class BrowserCall
{
    /// <summary>A browser sends it.</summary>
    public static bool Is(HttpRequest request) =>
        request.Headers.Origin.Count > 0 || request.Headers.ContainsKey("Sec-Fetch-Site") || request.Headers.ContainsKey("Cookie");

    /// <summary>A page of this port makes it, or the user himself.</summary>
    public static bool IsOfThisOrigin(HttpRequest request)
    {
        var site = request.Headers["Sec-Fetch-Site"].ToString();
        if (site is not ("" or "same-origin" or "none"))
            return false;
        if (request.Headers.Origin.Count == 0)
            return true;

        // Not the scheme: a web server in front may speak HTTPS.
        return Uri.TryCreate(request.Headers.Origin.ToString(), UriKind.Absolute, out var origin)
            && origin.Authority.Equals(request.Host.Value, StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>The address that the caller thinks this is belongs to this machine. A page of another name can lead its name here (DNS
    /// rebinding), and would be of this origin then.</summary>
    public static bool NamesThisMachine(HostString host)
    {
        var name = host.Host.Trim('[', ']').TrimEnd('.');
        return name.Equals("localhost", StringComparison.OrdinalIgnoreCase)
            || name.EndsWith(".localhost", StringComparison.OrdinalIgnoreCase)
            || (IPAddress.TryParse(name, out var address) && IPAddress.IsLoopback(address));
    }
}
