using OpenTelemetry.Exporter;
using OpenTelemetry.Resources;

namespace Bioproxy.Host.Telemetry;

/// <summary>Where and how traces, metrics and logs are pushed with OpenTelemetry's protocol.</summary>
internal static class Otlp
{
    public const string Traces = "traces";
    public const string Metrics = "metrics";
    public const string Logs = "logs";

    /// <summary>A collector that hangs must not hold up the end of the process.</summary>
    private const int MillisecondsToWait = 3000;

    private static readonly string Run = Guid.NewGuid().ToString();

    /// <summary>Says who reports: the same for all three signals.</summary>
    public static void Describe(ResourceBuilder resource) =>
        resource.AddService("bioproxy", serviceVersion: ProductVersion.Text, serviceInstanceId: Run);

    public static void SetUp(OtlpExporterOptions options, Uri endpoint, string signal)
    {
        options.TimeoutMilliseconds = MillisecondsToWait;
        options.Endpoint = endpoint;
        if (HttpAddress(endpoint, signal) is not { } address)
            return;
        options.Protocol = OtlpExportProtocol.HttpProtobuf;
        options.Endpoint = address;
    }

    /// <summary>The address of a signal over HTTP; null where the endpoint is one of gRPC. The library takes the protocol from environment
    /// variables only, but the address shows it as well: a path, or port 4318. A path that names one signal is that of the other two
    /// with their name.</summary>
    internal static Uri? HttpAddress(Uri endpoint, string signal)
    {
        var path = endpoint.AbsolutePath.TrimEnd('/');
        if (path.Length == 0 && endpoint.Port != 4318)
            return null;
        foreach (var named in (string[])[Traces, Metrics, Logs])
        {
            if (path.EndsWith($"/v1/{named}", StringComparison.Ordinal))
                path = path[..^$"/v1/{named}".Length];
        }

        return new Uri(endpoint, $"{path}/v1/{signal}");
    }
}
