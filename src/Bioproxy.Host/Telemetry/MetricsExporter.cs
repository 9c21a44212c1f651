using System.Diagnostics.Metrics;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using Prometheus;

namespace Bioproxy.Host.Telemetry;

/// <summary>Publishes the instruments of a meter: to Prometheus when scraped, and by OTLP when an endpoint is configured.</summary>
internal sealed class MetricsExporter : IDisposable
{
    /// <summary>The content type of what a scrape returns.</summary>
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    private readonly CollectorRegistry _registry = Metrics.NewCustomRegistry();
    private readonly MeterBridge _bridge;
    private readonly MeterProvider? _otlp;

    /// <summary>Publishes this meter alone, even when there are others of its name (several proxies in one test process).</summary>
    public MetricsExporter(Meter meter, Uri? otlpEndpoint)
    {
        _bridge = new MeterBridge(meter, _registry);
        if (otlpEndpoint is not null)
            _otlp = Push(meter, otlpEndpoint);
    }

    /// <summary>Writes the present values in Prometheus' text format 0.0.4.</summary>
    public Task ScrapeAsync(Stream output, CancellationToken cancellationToken) =>
        _registry.CollectAndExportAsTextAsync(output, cancellationToken);

    public void Dispose()
    {
        _bridge.Dispose();
        _otlp?.Dispose();
    }

    private static MeterProvider Push(Meter meter, Uri endpoint) => Sdk.CreateMeterProviderBuilder()
        .ConfigureResource(resource => resource.AddService("bioproxy"))
        .AddMeter(meter.Name)
        .AddView(instrument => ReferenceEquals(instrument.Meter, meter) ? null : MetricStreamConfiguration.Drop)
        .AddOtlpExporter(options => SetEndpoint(options, endpoint))
        .Build();

    // The library takes the protocol from environment variables only, but the address shows it as well.
    private static void SetEndpoint(OtlpExporterOptions options, Uri endpoint)
    {
        options.Endpoint = endpoint;
        if (endpoint.AbsolutePath != "/")
        {
            options.Protocol = OtlpExportProtocol.HttpProtobuf;
        }
        else if (endpoint.Port == 4318)
        {
            options.Protocol = OtlpExportProtocol.HttpProtobuf;
            options.Endpoint = new Uri(endpoint, "/v1/metrics");
        }
    }
}
