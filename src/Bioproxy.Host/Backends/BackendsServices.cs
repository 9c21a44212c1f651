using Bioproxy.Host.Backends.Drivers;
using Bioproxy.Host.Backends.Drivers.LlamaSwap;
using Bioproxy.Host.Backends.Drivers.Ollama;
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
        var server = ServerOf(backend, options, time);
        var host = server is null ? null : HostOf(server, backend, options, time, logger, loggers ?? NullLoggerFactory.Instance);
        IBackendDriver driver = backend.Kind switch
        {
            BackendKind.OpenAi => new OtherServerDriver(host!),
            BackendKind.Router or BackendKind.LlamaSwap or BackendKind.Ollama => new ModelServerDriver(host!),
            _ => new DetectingDriver(
                backend.Url, options.ConnectTimeout, backend.ApiKey, server is DetectedServer kinds ? (kinds, host!) : null),
        };
        var monitor = new BackendMonitor(driver, backend.Url, options.HealthCheckInterval, time, logger);
        return new Backend(backend, driver, monitor, new BackendSender(backend, options)) { Server = host };
    }

    /// <summary>A server that has, or may turn out to have, several models; null where there cannot be several.</summary>
    private static IModelServer? ServerOf(BackendOptions backend, ProxyOptions options, TimeProvider time)
    {
        return backend.Kind switch
        {
            BackendKind.Router => Router(),
            BackendKind.LlamaSwap => LlamaSwap(),
            BackendKind.Ollama => Ollama(),
            BackendKind.OpenAi => OpenAi(),

            // The only server there is gets every name that a client uses.
            BackendKind.Auto => new DetectedServer(
                Router(), options.IsFleet ? [Ollama(), LlamaSwap(), OpenAi()] : [Ollama(), LlamaSwap()]),
            _ => null,
        };

        RouterServer Router() => new(backend, options.ConnectTimeout);
        LlamaSwapServer LlamaSwap() => new(backend, options.ConnectTimeout);
        OpenAiServer OpenAi() => new(backend, options.ConnectTimeout, time);
        OllamaServer Ollama() => new(backend, options.ConnectTimeout, time);
    }

    /// <summary>The models of a server with several.</summary>
    private static ModelHost HostOf(
        IModelServer server,
        BackendOptions backend,
        ProxyOptions options,
        TimeProvider time,
        ILogger<BackendMonitor> logger,
        ILoggerFactory loggers)
    {
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
