using Microsoft.Extensions.DependencyInjection;

namespace Bioproxy.Host.Telemetry;

/// <summary>Composition of this folder.</summary>
internal static class TelemetryServices
{
    /// <param name="services">The application's services.</param>
    /// <param name="otlpEndpoint">Where traces and metrics are pushed; null for nowhere.</param>
    /// <param name="sampling">The share of the requests that are traced.</param>
    /// <param name="hasPlaces">Requests are counted by backend and model.</param>
    /// <param name="proxy">The name of this proxy among those of a cluster; null where it is alone.</param>
    public static IServiceCollection AddTelemetry(
        this IServiceCollection services, Uri? otlpEndpoint, double sampling, bool hasPlaces, string? proxy = null) => services
        .AddSingleton(_ => new RequestTracing(otlpEndpoint, sampling))
        .AddSingleton(p => new ProxyMetrics(p.GetRequiredService<TimeProvider>()) { HasPlaces = hasPlaces })
        .AddSingleton(p => new MetricsExporter(p.GetRequiredService<ProxyMetrics>().Meter, otlpEndpoint, proxy));
}
