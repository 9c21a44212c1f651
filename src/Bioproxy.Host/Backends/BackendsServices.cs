using Bioproxy.Host.Backends.Drivers;
using Bioproxy.Host.Backends.Drivers.LlamaSwap;
using Bioproxy.Host.Backends.Drivers.Other;
using Bioproxy.Host.Backends.Drivers.Router;
using Bioproxy.Host.Configuration;
using Bioproxy.Host.Http;
using Bioproxy.Host.Threading;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Bioproxy.Host.Backends;

/// <summary>Composition of this folder: every entry of <c>backends</c>, or <c>backend_url</c>, makes a backend.</summary>
internal static class BackendsServices
{
    public static IServiceCollection AddBackends(this IServiceCollection services) => services
        .AddSingleton(static p =>
        {
            var options = p.GetRequiredService<ProxyOptions>();
            var (time, logger) = (p.GetRequiredService<TimeProvider>(), p.GetRequiredService<ILogger<BackendMonitor>>());
            var loggers = p.GetRequiredService<ILoggerFactory>();
            return new BackendDirectory(
            [
                .. MakeConfigured(options, time, logger, loggers),
                .. p.GetServices<IBackendSource>().SelectMany(source => source.Make()),
            ]);
        })
        .AddSingleton<IHostedService>(static p => new BackgroundLoop(p.GetRequiredService<BackendDirectory>().RunAsync));

    /// <summary>The backends that have an address in the configuration, which the caller owns.</summary>
    public static IEnumerable<Backend> MakeConfigured(
        ProxyOptions options, TimeProvider time, ILogger<BackendMonitor> logger, ILoggerFactory? loggers = null) =>
        options.AllBackends.Where(backend => !backend.IsPooled).Select(backend => Make(backend, options, time, logger, loggers));

    /// <summary>A backend, which the caller owns. Nothing is asked of it yet.</summary>
    public static Backend Make(
        BackendOptions backend, ProxyOptions options, TimeProvider time, ILogger<BackendMonitor> logger, ILoggerFactory? loggers = null)
    {
        var host = HostOf(backend, options, time, logger, loggers ?? NullLoggerFactory.Instance);
        IBackendDriver driver = backend.Kind switch
        {
            BackendKind.Ollama or BackendKind.OpenAi => new OtherServerDriver(backend.Url, options.ConnectTimeout, backend.ApiKey),
            BackendKind.Router or BackendKind.LlamaSwap => new ModelServerDriver(host!),
            _ => new DetectingDriver(backend.Url, options.ConnectTimeout, backend.ApiKey, host),
        };
        var monitor = new BackendMonitor(driver, backend.Url, options.HealthCheckInterval, time, logger);
        return new Backend(backend, driver, monitor, new BackendSender(backend, options)) { Server = host };
    }

    /// <summary>The models of a server that has, or may turn out to have, several.</summary>
    private static ModelHost? HostOf(
        BackendOptions backend, ProxyOptions options, TimeProvider time, ILogger<BackendMonitor> logger, ILoggerFactory loggers)
    {
        IModelServer? server = backend.Kind switch
        {
            BackendKind.Auto or BackendKind.Router => new RouterServer(backend, options.ConnectTimeout),
            BackendKind.LlamaSwap => new LlamaSwapServer(backend, options.ConnectTimeout),
            _ => null,
        };
        if (server is null)
            return null;
        var gate = new SwapGate(time, options.SwapMaxWait, options.SwapMaxSave, loggers.CreateLogger<SwapGate>())
        {
            Unload = server.UnloadAsync,
        };
        var models = new ModelHost(server, gate, time, MakeModel);
        if (server.CanUnload)
            gate.StopLoad = models.StopLoadAsync;
        return models;

        Backend MakeModel(ModelHost host, ListedModel model)
        {
            var driver = new HostedModelDriver(host, model.Name);
            var monitor = new BackendMonitor(driver, backend.Url, options.HealthCheckInterval, time, logger);
            return new Backend(backend, driver, monitor, new BackendSender(backend, options))
            {
                Model = model.Name,
                Aliases = model.Aliases,
                Host = host,
                Loader = new GatedModel(model.Name, host.Gate, server.CanUnload),
            };
        }
    }
}
