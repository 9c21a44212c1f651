using Microsoft.AspNetCore.Http;

namespace Bioproxy.Host.Security;

/// <summary>What the answers of the admin port tell browsers.</summary>
internal static class AdminHeaders
{
    /// <summary>Scripts come from files of this port only, none from a page's own text; nothing is loaded from elsewhere, and no other page
    /// shows this one in a frame. Styles may be in the page: they cannot send anything anywhere.</summary>
    private const string ContentSecurityPolicy =
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; "
        + "connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

    public static void SetOn(IHeaderDictionary headers)
    {
        headers.ContentSecurityPolicy = ContentSecurityPolicy;
        headers.XContentTypeOptions = "nosniff";
        headers.XFrameOptions = "DENY"; // for browsers that do not know frame-ancestors
        headers["Referrer-Policy"] = "same-origin"; // with no-referrer, the origin of a form would be "null"
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
    }
}
