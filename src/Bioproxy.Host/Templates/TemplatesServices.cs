using Bioproxy.Host.Threading;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Bioproxy.Host.Templates;

/// <summary>Composition of this folder.</summary>
internal static class TemplatesServices
{
    /// <param name="services">The application's services.</param>
    /// <param name="changed">Called with the triggers whose text has changed on disk.</param>
    public static IServiceCollection AddTemplates(
        this IServiceCollection services, Action<IServiceProvider, IReadOnlyList<string>> changed) => services
        .AddSingleton<TemplateLibrary>()
        .AddSingleton(p => new TemplateWatcher(
            p.GetRequiredService<TemplateLibrary>(),
            triggers => changed(p, triggers),
            p.GetRequiredService<TimeProvider>(),
            p.GetRequiredService<ILogger<TemplateWatcher>>()))
        .AddSingleton<IHostedService>(static p => new BackgroundLoop(p.GetRequiredService<TemplateWatcher>().RunAsync));
}
