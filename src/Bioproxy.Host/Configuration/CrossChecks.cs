using System.Net;
using System.Net.Sockets;
using static Bioproxy.Host.Configuration.ListenHost;

namespace Bioproxy.Host.Configuration;

/// <summary>Mistakes that only show when several keys are compared.</summary>
internal static class CrossChecks
{
    public static void Run(ProxyOptions options, ConfigurationReading reading)
    {
        if (AreValid(reading, "proxy_host", "proxy_port", "admin_host", "admin_port", "backend_url"))
            CheckAddresses(options, reading);
        if (AreValid(reading, "limits.max_body_bytes", "limits.max_queued_bytes"))
            CheckLimits(options, reading);
        if (AreValid(reading, "proxy_host", "admin_host", "api_keys", "allow_open", "admin_key"))
            CheckAccess(options, reading);
        if (AreValid(reading, "tls.certificate", "tls.key"))
            CheckCertificate(options, reading);
        CheckModels(options, reading);
        if (AreValid(reading, "cluster.redis", "cluster.advertise") && options.Cluster is { Advertise.Length: 0 })
            reading.Reject(new ConfigurationError(
                "cluster.advertise",
                SourceOf(reading, "cluster.redis"),
                null,
                $"it is needed with cluster.redis: {ClusterReader.Advertise.Accepted}"));
    }

    private static void CheckCertificate(ProxyOptions options, ConfigurationReading reading)
    {
        if (options.Tls is { } tls && PemCertificate.Load(tls).Problem is { } problem)
        {
            reading.Reject(new ConfigurationError(
                "tls.certificate",
                SourceOf(reading, "tls.certificate", "tls.key"),
                $"\"{tls.Certificate}\", with the key in \"{tls.Key}\"",
                $"a certificate and its private key without a password, both in PEM: {problem}"));
        }
        else if (options is { TlsCertificate: null, TlsKey: not null })
        {
            reading.Reject(new ConfigurationError(
                "tls.key", SourceOf(reading, "tls.key"), null, "there is no tls.certificate for it"));
        }
    }

    /// <summary>Nobody opens a proxy to a network by mistake.</summary>
    private static void CheckAccess(ProxyOptions options, ConfigurationReading reading)
    {
        if (AccessRules.IsOpenByMistake(options))
        {
            reading.Reject(new ConfigurationError(
                "proxy_host",
                SourceOf(reading, "proxy_host"),
                $"\"{options.ProxyHost}\", which others can reach, and there are no api_keys",
                "api_keys (bioproxy key new NAME prints an entry), \"localhost\" as proxy_host, or \"allow_open\": true to let "
                + "everybody in"));
        }

        if (AccessRules.IsAdminOpenByMistake(options))
        {
            reading.Reject(new ConfigurationError(
                "admin_host",
                SourceOf(reading, "admin_host"),
                $"\"{options.AdminHost}\", which others can reach, and there is no admin_key",
                "an admin_key (bioproxy key new admin prints one), or \"localhost\" as admin_host"));
        }
    }

    private static void CheckModels(ProxyOptions options, ConfigurationReading reading)
    {
        var backends = options.AllBackends.Select(backend => backend.Name).ToList();
        foreach (var twice in backends.GroupBy(name => name).Where(same => same.Count() > 1))
            Reject($"backends.{twice.Key}", twice.Key, "a name of its own; backend_url is the backend named default");
        foreach (var model in options.Models)
        {
            foreach (var use in model.Use.Where(use => !backends.Contains(use.Backend) && !MayBeElsewhere(use)))
                Reject($"models.{model.Name}.use", use.ToString(), $"a name of backends: {string.Join(", ", backends)}");
        }

        if (options.Pool is { } pool && pool.Models.Count > pool.Ports.Last - pool.Ports.First + 1)
            Reject("pool.ports", $"{pool.Ports}", $"a port for each of the {pool.Models.Count} models");
        var names = options.Models.Select(model => model.Name).ToList();
        if (options.DefaultModel is { } wanted && names.Count > 0 && !names.Contains(wanted))
            Reject("default_model", wanted, $"a name of models: {string.Join(", ", names)}");
        if (names.Count == 0)
            return;
        foreach (var (trigger, models) in options.PrefixModels)
        {
            foreach (var unknown in models.Where(model => !names.Contains(model)))
                Reject($"prefixes.{trigger}.models", unknown, $"a name of models: {string.Join(", ", names)}");
        }

        // In a cluster the pool of another proxy may have it.
        bool MayBeElsewhere(ModelUse use) => options.Cluster is not null && use.Model is null;

        void Reject(string key, string found, string accepted) => reading.Reject(new ConfigurationError(
            key, SourceOf(reading, key, string.Join('.', key.Split('.').Take(2)), "backends"), $"\"{found}\"", accepted));
    }

    private static void CheckAddresses(ProxyOptions options, ConfigurationReading reading)
    {
        // One port on two hosts is fine: each listener has an address of its own.
        if (options.ProxyPort != 0 && options.ProxyPort == options.AdminPort && Overlap(options.ProxyHost, options.AdminHost))
        {
            reading.Reject(new ConfigurationError(
                "admin_port",
                SourceOf(reading, "admin_port", "proxy_port", "admin_host", "proxy_host"),
                $"{options.AdminPort}",
                $"a port other than proxy_port, which is {options.ProxyPort} on {Where(options)}"));
        }

        if (SocketPath.Of(options.ProxyHost) is not null && options.ProxyHost == options.AdminHost)
        {
            reading.Reject(new ConfigurationError(
                "admin_host", SourceOf(reading, "admin_host"), $"\"{options.AdminHost}\"", "another socket than that of proxy_host"));
        }

        CheckBackend(options, options.ProxyHost, options.ProxyPort, "the proxy", "proxy", reading);
        CheckBackend(options, options.AdminHost, options.AdminPort, "the proxy's admin port", "admin", reading);
    }

    private static string Where(ProxyOptions options) => options.ProxyHost.Equals(options.AdminHost, StringComparison.OrdinalIgnoreCase)
        ? "the same host"
        : $"{options.ProxyHost}, which shares an address with {options.AdminHost}";

    private static void CheckBackend(ProxyOptions options, string host, int port, string itself, string keys, ConfigurationReading reading)
    {
        var backend = options.BackendUrl;
        var isThisMachine = IsLoopback(backend.Host) || IsSame(backend.Host, host);
        if (port != 0 && port == backend.Port && isThisMachine && Overlap(host, backend.Host))
        {
            reading.Reject(new ConfigurationError(
                "backend_url",
                SourceOf(reading, "backend_url", $"{keys}_port", $"{keys}_host"),
                $"\"{backend.OriginalString}\"",
                $"the address of llama-server; this is {itself} itself ({keys}_host, {keys}_port)"));
        }
    }

    private static void CheckLimits(ProxyOptions options, ConfigurationReading reading)
    {
        if (options.MaxQueuedBytes < options.MaxBodyBytes)
        {
            reading.Reject(new ConfigurationError(
                "limits.max_queued_bytes",
                SourceOf(reading, "limits.max_queued_bytes", "limits.max_body_bytes"),
                $"{options.MaxQueuedBytes}",
                $"at least limits.max_body_bytes, which is {options.MaxBodyBytes}"));
        }
    }

    /// <summary>A rejected value left its default behind; comparing that would report a mistake that was not made.</summary>
    private static bool AreValid(ConfigurationReading reading, params string[] keys) =>
        !reading.Errors.Any(error => keys.Any(key => error.Key == key || error.Key.StartsWith($"{key}.", StringComparison.Ordinal)));

    /// <summary>The first of the keys that was set: that is the line to change.</summary>
    private static string SourceOf(ConfigurationReading reading, params ReadOnlySpan<string> keys)
    {
        foreach (var key in keys)
        {
            if (reading.SourceOf(key) is { } source)
                return source;
        }

        return "defaults";
    }

    /// <summary>Whether listening on both would be listening on one address twice.</summary>
    private static bool Overlap(string left, string right) => IsSame(left, right) || Includes(left, right) || Includes(right, left);

    /// <summary>What the framework listens on for a host: <c>::</c> is every address, <c>0.0.0.0</c> every one of IPv4.</summary>
    private static bool Includes(string host, string other) => IsLocalhost(host)
        ? AddressOf(other) is { } loopback && (loopback.Equals(IPAddress.Loopback) || loopback.Equals(IPAddress.IPv6Loopback))
        : AddressOf(host) is { } address
            && (address.Equals(IPAddress.IPv6Any) || (address.Equals(IPAddress.Any) && !IsV6(other)));

    private static bool IsV6(string host) => AddressOf(host)?.AddressFamily == AddressFamily.InterNetworkV6;

    private static bool IsSame(string left, string right) =>
        string.Equals(left, right, StringComparison.OrdinalIgnoreCase)
        || (AddressOf(left) is { } address && address.Equals(AddressOf(right)));
}
