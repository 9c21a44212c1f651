using Bioproxy.Host.Backends;
using Bioproxy.Host.Configuration;
using Microsoft.Extensions.Logging.Abstractions;

namespace Bioproxy.Host;

/// <summary>Looks for servers on the ports that they usually have.</summary>
internal static class ServerSearch
{
    /// <summary>llama-server and llama-swap, a second server beside one of them, Ollama.</summary>
    public static IReadOnlyList<int> UsualPorts { get; } = [8080, 8081, 11434];

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(3);

    /// <summary>The servers that answer, in the order of their ports.</summary>
    public static async Task<IReadOnlyList<FoundServer>> RunAsync(IEnumerable<int> ports, CancellationToken cancellationToken)
    {
        var asked = ports.Select(port => AskAsync(new Uri($"http://localhost:{port}"), cancellationToken));
        return [.. (await Task.WhenAll(asked)).OfType<FoundServer>()];
    }

    private static async Task<FoundServer?> AskAsync(Uri url, CancellationToken cancellationToken)
    {
        var options = new ProxyOptions { BaseDirectory = "/", StateDirectory = "/", BackendUrl = url, ConnectTimeout = Limit };
        using var backend = BackendsServices.Make(
            options.DefaultBackend, options, TimeProvider.System, NullLogger<BackendMonitor>.Instance);
        using var late = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        late.CancelAfter(Limit);
        try
        {
            var state = await backend.Monitor.CheckAsync(late.Token);
            return KindOf(backend, state) is { } kind ? new FoundServer(url, kind) : null;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return null; // something listens there, and does not answer
        }
    }

    private static string? KindOf(Backend backend, BackendState state) => state switch
    {
        { Facts.IsOllama: true } => "Ollama",
        { Facts.IsRouter: true } when backend.Server is { } server => server.Server.Kind,
        { Facts.IsLlamaServer: true } or { Status: BackendStatus.Loading } => "llama-server",
        _ => null,
    };
}
