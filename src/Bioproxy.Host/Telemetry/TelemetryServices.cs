using Microsoft.Extensions.DependencyInjection;

namespace Bioproxy.Host.Telemetry;

/// <summary>Composition of this folder.</summary>
internal static class TelemetryServices
{
    /// <param name="services">The application's services.</param>
    /// <param name="otlpEndpoint">Where metrics are pushed; null for nowhere.</param>
    /// <param name="hasPlaces">Requests are counted by backend and model.</param>
    public static IServiceCollection AddTelemetry(this IServiceCollection services, Uri? otlpEndpoint, bool hasPlaces) => services
        .AddSingleton(p => new ProxyMetrics(p.GetRequiredService<TimeProvider>()) { HasPlaces = hasPlaces })
        .AddSingleton(p => new MetricsExporter(p.GetRequiredService<ProxyMetrics>().Meter, otlpEndpoint));
}
