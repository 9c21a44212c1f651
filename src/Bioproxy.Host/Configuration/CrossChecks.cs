using System.Net;

namespace Bioproxy.Host.Configuration;

/// <summary>Mistakes that show only when several keys are seen together.</summary>
internal static class CrossChecks
{
    private static readonly string[] Keys = ["proxy_host", "proxy_port", "admin_host", "admin_port", "backend_url"];

    public static void Run(ProxyOptions options, ConfigurationReading reading)
    {
        // A rejected value left its default behind; comparing that would report a mistake nobody made.
        if (reading.Errors.Any(error => Keys.Contains(error.Key)))
            return;

        if (options.ProxyPort != 0 && options.ProxyPort == options.AdminPort && Overlap(options.ProxyHost, options.AdminHost))
        {
            reading.Reject(new ConfigurationError(
                "admin_port",
                SourceOf(reading, "admin_port", "proxy_port", "admin_host", "proxy_host"),
                $"{options.AdminPort}",
                $"another port than proxy_port, which is {options.ProxyPort} on the same host"));
        }

        if (options.ProxyPort != 0 && options.ProxyPort == options.BackendUrl.Port && IsLocal(options.BackendUrl.Host) && Overlap(options.ProxyHost, options.BackendUrl.Host))
        {
            reading.Reject(new ConfigurationError(
                "backend_url",
                SourceOf(reading, "backend_url", "proxy_port", "proxy_host"),
                $"\"{options.BackendUrl.OriginalString}\"",
                "the address of llama-server; this is the proxy itself (proxy_host, proxy_port)"));
        }
    }

    /// <summary>The first of the keys that somebody wrote: that is the line to change.</summary>
    private static string SourceOf(ConfigurationReading reading, params ReadOnlySpan<string> keys)
    {
        foreach (var key in keys)
        {
            if (reading.SourceOf(key) is { } source)
                return source;
        }

        return "defaults";
    }

    private static bool Overlap(string left, string right) =>
        string.Equals(left, right, StringComparison.OrdinalIgnoreCase)
        || IsWildcard(left)
        || IsWildcard(right)
        || (IsLocal(left) && IsLocal(right));

    private static bool IsWildcard(string host) =>
        IPAddress.TryParse(host, out var address) && (address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any));

    private static bool IsLocal(string host) =>
        string.Equals(host, "localhost", StringComparison.OrdinalIgnoreCase) || (IPAddress.TryParse(host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address));
}
