using Bioproxy.Host.Configuration;
using Bioproxy.Host.Plugins;
using Bioproxy.Host.Transforms;
using Microsoft.Extensions.DependencyInjection;

namespace Bioproxy.Host.Requests;

/// <summary>Composition of this folder.</summary>
internal static class RequestsServices
{
    public static IServiceCollection AddRequests(this IServiceCollection services) => services
        .AddSingleton<ExplanationLog>()
        .AddSingleton<RequestJournal>()
        .AddSingleton<RecentPrompts>()
        .AddSingleton<ConversationTracker>()
        .AddSingleton<Explainer>()
        .AddSingleton<RequestReport>()
        .AddSingleton<FailureResponse>()
        .AddSingleton(static p => new PluginStage(
            p.GetRequiredService<PluginManager>(),
            p.GetRequiredService<TransformChain>(),
            p.NewFence(PluginBudget.OfHandlers(p.GetRequiredService<ProxyOptions>().HandlerTimeBudget)),
            p.GetRequiredService<FailureResponse>(),
            p.GetRequiredService<RequestReport>()))
        .AddSingleton<RequestPath>()
        .AddSingleton<ClientEntry>();
}
