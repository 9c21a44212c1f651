using Bioproxy.Host.Configuration;
using Bioproxy.Host.Models;
using Bioproxy.Host.Telemetry;
using Bioproxy.Host.Templates;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Bioproxy.Host.WarmUp;

/// <summary>Composition of this folder.</summary>
internal static class WarmUpServices
{
    public static IServiceCollection AddWarmUp(this IServiceCollection services) => services
        .AddSingleton<StaticPrefixFinder>()
        .AddSingleton<WarmUpStatuses>()
        .AddSingleton(NewScheduler)
        .AddSingleton<IHostedService>(static p => p.GetRequiredService<WarmUpScheduler>());

    private static WarmUpScheduler NewScheduler(IServiceProvider p)
    {
        WarmUpScheduler? scheduler = null;
        var known = p.GetRequiredService<ModelDirectory>().Subscribe(model => scheduler?.Add(NewWarmUp(p, model, isFirst: false)));
        scheduler = new WarmUpScheduler(
            known.Select((model, index) => NewWarmUp(p, model, isFirst: index == 0)),
            p.GetRequiredService<TemplateLibrary>(),
            p.GetRequiredService<ProxyMetrics>(),
            p.GetRequiredService<ProxyOptions>(),
            p.GetRequiredService<TimeProvider>(),
            p.GetRequiredService<ILogger<WarmUpScheduler>>());
        return scheduler;
    }

    /// <summary>The statuses of the first model are those that the admin pages have always shown.</summary>
    private static ModelWarmUp NewWarmUp(IServiceProvider p, ServedModel model, bool isFirst)
    {
        var (templates, metrics) = (p.GetRequiredService<TemplateLibrary>(), p.GetRequiredService<ProxyMetrics>());
        var statuses = isFirst
            ? p.GetRequiredService<WarmUpStatuses>()
            : new WarmUpStatuses(templates, metrics, p.GetRequiredService<ILogger<WarmUpStatuses>>());
        model.Context.Preambles.Found = () => p.GetRequiredService<WarmUpScheduler>().Poke();
        return new ModelWarmUp(model, p.GetRequiredService<StaticPrefixFinder>(), templates, statuses, metrics);
    }
}
