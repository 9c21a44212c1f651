using Microsoft.AspNetCore.Http;

namespace Bioproxy.Host.Security;

/// <summary>The cookie of the admin port. Browsers send it to every port of its host, so the clients' port takes it out.</summary>
internal static class SessionCookie
{
    public const string Name = "bioproxy_admin";

    /// <summary>It must not travel on to a backend.</summary>
    public static void RemoveFrom(IHeaderDictionary headers)
    {
        var cookies = headers.Cookie.ToString();
        if (!cookies.Contains(Name, StringComparison.Ordinal))
            return;
        var others = cookies.Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            .Where(static cookie => cookie.Split('=')[0].TrimEnd() != Name)
            .ToList();
        if (others.Count == 0)
            headers.Remove("Cookie");
        else
            headers.Cookie = string.Join("; ", others);
    }
}
