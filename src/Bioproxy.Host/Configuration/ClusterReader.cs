using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Text.Json.Nodes;

namespace Bioproxy.Host.Configuration;

/// <summary>What the keys of <c>cluster</c> accept.</summary>
internal static class ClusterReader
{
    private const string TlsKey = "cluster.tls";

    private static readonly MemberTable<ClusterSettings> TlsMembers = new MemberTable<ClusterSettings>()
        .With("certificate", Schemas.Text, static (settings, key, value, reading) =>
            FileReader.Read(key, value, reading) is { } file ? settings with { TlsCertificate = file } : settings)
        .With("key", static () => Schemas.OrNull(Schemas.Text()), static (settings, key, value, reading) =>
            value.Kind != ConfigurationValueKind.Null && FileReader.Read(key, value, reading) is { } file
                ? settings with { TlsKey = file }
                : settings);

    /// <summary>Where the other proxies reach this one, and where it listens: no name, and not every interface.</summary>
    public static ValueReader<string> Advertise { get; } = new(
        ConfigurationValueKind.Text, "an IP address of this machine with a port, e.g. \"10.0.0.5:11111\"", TryAdvertise);

    public static ValueReader<string> Name { get; } = new(
        ConfigurationValueKind.Text, "letters, digits, dots and dashes, e.g. \"lab\"", TryName);

    public static JsonObject TlsSchema() => Schemas.OrNull(TlsMembers.Schema("certificate"));

    public static ProxyOptions ReadTls(ProxyOptions options, ConfigurationValue value, ConfigurationReading reading)
    {
        if (value.Kind == ConfigurationValueKind.Null)
            return options;
        if (value.Kind == ConfigurationValueKind.Object)
            return options with { ClusterValues = TlsMembers.Read(options.ClusterValues, TlsKey, value, reading) };
        reading.Reject(TlsKey, value, "{ \"certificate\": \"cluster.pem\", \"key\": \"cluster.key\" }, or null");
        return options;
    }

    private static bool TryAdvertise(string text, [MaybeNullWhen(false)] out string value)
    {
        value = text;
        return IPEndPoint.TryParse(text, out var address) && address.Port > 0 && !address.Address.Equals(IPAddress.Any)
            && !address.Address.Equals(IPAddress.IPv6Any);
    }

    private static bool TryName(string text, [MaybeNullWhen(false)] out string value) =>
        (value = text).Length is > 0 and <= 64 && text.All(static c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-');
}
