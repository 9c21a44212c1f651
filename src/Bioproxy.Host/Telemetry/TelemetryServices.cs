using Bioproxy.Host.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Bioproxy.Host.Telemetry;

/// <summary>Composition of this folder.</summary>
internal static class TelemetryServices
{
    public static IServiceCollection AddTelemetry(this IServiceCollection services) => services
        .AddSingleton<ProxyMetrics>()
        .AddSingleton(
            static p => new MetricsExporter(p.GetRequiredService<ProxyMetrics>().Meter, p.GetRequiredService<ProxyOptions>().OtlpEndpoint));
}
