using System.Diagnostics;
using OpenTelemetry;
using OpenTelemetry.Trace;

namespace Bioproxy.Host.Telemetry;

/// <summary>The source of the spans of one proxy, and where they are pushed. Without an endpoint nobody listens, and no span is
/// made.</summary>
internal sealed class RequestTracing : IDisposable
{
    public const string SourceName = "Bioproxy";

    private static int _made;

    private readonly TracerProvider? _otlp;

    /// <param name="otlpEndpoint">Where spans are pushed; null for nowhere.</param>
    /// <param name="sampling">The share of the requests that are traced, from 0 to 1, where a client has not decided it.</param>
    public RequestTracing(Uri? otlpEndpoint = null, double sampling = 1)
    {
        // The library knows sources by their names only: several proxies in one process need several.
        var number = Interlocked.Increment(ref _made);
        Source = new ActivitySource(number == 1 ? SourceName : $"{SourceName}-{number}", ProductVersion.Text);
        if (otlpEndpoint is not null)
            _otlp = Push(Source, otlpEndpoint, sampling);
    }

    public ActivitySource Source { get; }

    /// <summary>Starts a span within the request that is being served here; null where there is none, or none that is recorded.</summary>
    public static Activity? StartWithin(string name) =>
        Activity.Current is { IsAllDataRequested: true, IsStopped: false } request
        && request.Source.Name.StartsWith(SourceName, StringComparison.Ordinal)
            ? request.Source.StartActivity(name)
            : null;

    public void Dispose()
    {
        _otlp?.Dispose();
        Source.Dispose();
    }

    private static TracerProvider Push(ActivitySource source, Uri endpoint, double sampling) => Sdk.CreateTracerProviderBuilder()
        .ConfigureResource(Otlp.Describe)
        .SetSampler(new ParentBasedSampler(new TraceIdRatioBasedSampler(sampling)))
        .AddSource(source.Name)
        .AddOtlpExporter(options => Otlp.SetUp(options, endpoint, Otlp.Traces))
        .Build();
}
