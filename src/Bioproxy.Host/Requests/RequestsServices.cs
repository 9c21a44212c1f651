using Bioproxy.Host.Configuration;
using Bioproxy.Host.Plugins;
using Bioproxy.Host.Telemetry;
using Bioproxy.Host.Transforms;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Bioproxy.Host.Requests;

/// <summary>Composition of this folder.</summary>
internal static class RequestsServices
{
    public static IServiceCollection AddRequests(this IServiceCollection services) => services
        .AddSingleton<ExplanationLog>()
        .AddSingleton<Explainer>()
        .AddSingleton<RequestReport>()
        .AddSingleton<FailureResponse>()
        .AddSingleton(static p => new PluginStage(
            p.GetRequiredService<PluginManager>(),
            p.GetRequiredService<TransformChain>(),
            Handlers(p),
            p.GetRequiredService<FailureResponse>(),
            p.GetRequiredService<RequestReport>()))
        .AddSingleton<RequestPath>();

    private static PluginFence Handlers(IServiceProvider services) => new(
        PluginBudget.OfHandlers(services.GetRequiredService<ProxyOptions>().HandlerTimeBudget),
        services.GetRequiredService<ProxyMetrics>(),
        services.GetRequiredService<TimeProvider>(),
        services.GetRequiredService<ILogger<PluginFence>>());
}
