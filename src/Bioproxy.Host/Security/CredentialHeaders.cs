using System.Text;
using Microsoft.AspNetCore.Http;

namespace Bioproxy.Host.Security;

/// <summary>The headers in which clients send keys.</summary>
internal static class CredentialHeaders
{
    public const string ApiKey = "X-Api-Key";

    private const string Bearer = "Bearer ";
    private const string Basic = "Basic ";

    public static bool AreIn(IHeaderDictionary headers) => headers.Authorization.Count > 0 || headers.ContainsKey(ApiKey);

    public static void RemoveFrom(IHeaderDictionary headers)
    {
        headers.Remove("Authorization");
        headers.Remove(ApiKey);
    }

    /// <summary>The key in an <c>Authorization</c> header; empty for none.</summary>
    public static string KeyIn(string authorization)
    {
        if (authorization.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase))
            return authorization[Bearer.Length..].Trim();
        return authorization.StartsWith(Basic, StringComparison.OrdinalIgnoreCase)
            ? KeyInBasic(authorization.AsSpan(Basic.Length).Trim())
            : "";
    }

    /// <summary>The password; or the user name where there is none, as <c>curl -u KEY:</c> sends it.</summary>
    private static string KeyInBasic(ReadOnlySpan<char> encoded)
    {
        var bytes = new byte[encoded.Length];
        if (!Convert.TryFromBase64Chars(encoded, bytes, out var length))
            return "";
        var text = Encoding.UTF8.GetString(bytes, 0, length);
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        return colon < 0 || colon == text.Length - 1 ? text.TrimEnd(':') : text[(colon + 1)..];
    }
}
