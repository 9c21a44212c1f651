using System.ComponentModel;
using System.Globalization;
using Bioproxy.Host.Configuration;
using Microsoft.Extensions.Logging;

namespace Bioproxy.Host.Pool;

/// <summary>Starts llama-servers as child processes, each on its port of the pool's range.</summary>
internal sealed class ModelProcessFactory(
    PoolOptions options, PoolFolders folders, GpuChooser gpus, TimeProvider time, ILogger<ModelProcess> logger)
    : IModelProcessFactory, IDisposable
{
    private readonly HealthProbe _health = new(time);

    public long? MemoryOf(PoolModelOptions model)
    {
        var command = model.CommandLine(options.LlamaServer, options.Ports.First, folders.SlotsOf(model.Name));
        return model.Memory ?? MemoryEstimate.Of(command, folders.Work);
    }

    public async Task<ModelStart> StartAsync(PoolModelOptions model, ModelLog log, CancellationToken cancellationToken)
    {
        var environment = new Dictionary<string, string>(model.Environment, StringComparer.Ordinal);
        foreach (var (name, value) in await gpus.ChooseAsync(model.Gpu, cancellationToken).ConfigureAwait(false))
            environment.TryAdd(name, value);

        if (ModelPort.Of(options, model.Name) is not { } port)
        {
            return ModelStart.Failed(
                $"Model {model.Name} was not started: another program listens on its port of {options.Ports} (pool.ports).");
        }

        return await StartAsync(model, port, environment, log, cancellationToken).ConfigureAwait(false);
    }

    public void Dispose() => _health.Dispose();

    private async Task<ModelStart> StartAsync(
        PoolModelOptions model, int port, Dictionary<string, string> environment, ModelLog log, CancellationToken cancellationToken)
    {
        ModelProcess process;
        try
        {
            var slots = folders.SlotsOf(model.Name);
            folders.CreateSlotsOf(model.Name);
            var command = model.CommandLine(options.LlamaServer, port, slots);
            process = ModelProcess.Start(new ModelLaunch(model.Name, port, command, environment, folders), log, time, logger);
        }
        catch (Exception exception) when (exception is Win32Exception or IOException or UnauthorizedAccessException)
        {
            return ModelStart.Failed($"The server of model {model.Name} cannot be started: {exception.Message}");
        }

        return await WaitUntilReadyAsync(model.Name, process, cancellationToken).ConfigureAwait(false) is { } problem
            ? ModelStart.Failed(problem)
            : ModelStart.Ready(process);
    }

    /// <returns>Null when it is ready; otherwise the problem, and the process has ended.</returns>
    private async Task<string?> WaitUntilReadyAsync(string model, ModelProcess process, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(options.StartLimit, time);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        var healthy = _health.WaitAsync(process.Address, stop.Token);
        await Task.WhenAny(healthy, process.Ended).ConfigureAwait(false);

        // First of all its end: another program at the same port could have answered.
        if (process.Ended.IsCompleted)
        {
            await stop.CancelAsync().ConfigureAwait(false);
            await healthy.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return (await process.Ended.ConfigureAwait(false)).Problem.Replace(
                $"The server of model {model} ", $"The server of model {model} did not become ready; it ", StringComparison.Ordinal);
        }

        if (healthy.IsCompletedSuccessfully)
            return null;
        await process.StopAsync().ConfigureAwait(false);
        cancellationToken.ThrowIfCancellationRequested();
        var seconds = options.StartLimit.TotalSeconds.ToString("0.#", CultureInfo.InvariantCulture);
        return process.Quoting($"The server of model {model} was not ready after {seconds} s (pool.start_seconds) and was stopped.");
    }
}
