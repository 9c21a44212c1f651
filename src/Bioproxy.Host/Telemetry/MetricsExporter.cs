using System.Buffers;
using System.Diagnostics.Metrics;
using System.Text;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;

namespace Bioproxy.Host.Telemetry;

/// <summary>Collects the instruments of a meter: as Prometheus text when scraped, and pushed by OTLP when an endpoint is configured.</summary>
internal sealed class MetricsExporter : IDisposable
{
    /// <summary>The content type of what a scrape returns.</summary>
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    private readonly Lock _scraping = new();
    private readonly PrometheusExporter _prometheus = new();
    private readonly BaseExportingMetricReader _reader;
    private readonly MeterProvider _provider;

    /// <summary>Collects every meter of this name in the process.</summary>
    public MetricsExporter(string meterName, Uri? otlpEndpoint)
        : this(meterName, only: null, otlpEndpoint)
    {
    }

    /// <summary>Collects this meter alone, even when others of its name exist (several proxies in one test process).</summary>
    public MetricsExporter(Meter meter, Uri? otlpEndpoint)
        : this(meter.Name, meter, otlpEndpoint)
    {
    }

    private MetricsExporter(string meterName, Meter? only, Uri? otlpEndpoint)
    {
        _reader = new BaseExportingMetricReader(_prometheus);
        var builder = Sdk.CreateMeterProviderBuilder()
            .ConfigureResource(resource => resource.AddService("bioproxy"))
            .AddMeter(meterName)
            .AddReader(_reader);
        if (only is not null)
            builder.AddView(instrument => ReferenceEquals(instrument.Meter, only) ? null : MetricStreamConfiguration.Drop);
        if (otlpEndpoint is not null)
            builder.AddOtlpExporter(options => Point(options, otlpEndpoint));
        _provider = builder.Build();
    }

    /// <summary>The present values in Prometheus' text format 0.0.4. Safe from any thread; scrapes run one after the other.</summary>
    public string Scrape()
    {
        // Callbacks of observable instruments do run inside: a scrape must not read the text of another one's collection.
        lock (_scraping)
        {
            _prometheus.Collect();
            return _prometheus.Text;
        }
    }

    /// <inheritdoc cref="Scrape()"/>
    public void Scrape(IBufferWriter<byte> output) => Encoding.UTF8.GetBytes(Scrape(), output);

    public void Dispose() => _provider.Dispose();

    // The library guesses the protocol from environment variables only; port and path of the address say it as well.
    private static void Point(OtlpExporterOptions options, Uri endpoint)
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
