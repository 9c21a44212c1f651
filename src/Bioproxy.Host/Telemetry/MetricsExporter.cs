using System.Diagnostics.Metrics;
using OpenTelemetry;
using OpenTelemetry.Metrics;
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
    /// <param name="meter">The meter.</param>
    /// <param name="otlpEndpoint">Where they are pushed; null for nowhere.</param>
    /// <param name="proxy">The name of this proxy among those of a cluster, as a label; null for none.</param>
    public MetricsExporter(Meter meter, Uri? otlpEndpoint, string? proxy = null)
    {
        if (proxy is not null)
            _registry.SetStaticLabels(new Dictionary<string, string>(StringComparer.Ordinal) { ["proxy"] = proxy });
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
        .ConfigureResource(Otlp.Describe)
        .AddMeter(meter.Name)
        .AddView(instrument => ReferenceEquals(instrument.Meter, meter) ? null : MetricStreamConfiguration.Drop)
        .AddOtlpExporter(options => Otlp.SetUp(options, endpoint, Otlp.Metrics))
        .Build();
}
