using Bioproxy.Host.Backends.Drivers.LlamaServer;
using Bioproxy.Host.Backends.Drivers.Other;

namespace Bioproxy.Host.Backends.Drivers;

/// <summary>For a backend whose kind is not configured: asks as a llama-server first, and takes what is not one as any other
/// server. A llama-server in router mode becomes a server with several models.</summary>
/// <param name="url">The server's address.</param>
/// <param name="connectTimeout">The longest wait for a connection.</param>
/// <param name="apiKey">The key; null for none.</param>
/// <param name="host">Lists the models of a router; null leaves a router's models alone.</param>
internal sealed class DetectingDriver(Uri url, TimeSpan connectTimeout, string? apiKey, ModelHost? host = null) : IBackendDriver
{
    private readonly LlamaServerDriver _llamaServer = new(url, connectTimeout, apiKey);
    private readonly OtherServerDriver _other = new(url, connectTimeout, apiKey);

    public ISlotApi? Slots => _llamaServer.Slots;

    public async Task<Discovery> DiscoverAsync(BackendState known, CancellationToken cancellationToken)
    {
        var found = await _llamaServer.DiscoverAsync(known, cancellationToken).ConfigureAwait(false);
        if (found.Facts is { IsRouter: true } && host is not null)
        {
            var answer = await host.ListAsync(cancellationToken).ConfigureAwait(false);
            return answer.IsSuccess ? found : ModelServerDriver.Failure(answer);
        }

        // It has answered: that is all there is to know.
        return found.Kind == DiscoveryKind.OtherKind ? Discovery.Found(BackendStatus.Ready, new BackendFacts(), null) : found;
    }

    public Task<ProcessCheck> CheckProcessAsync(BackendFacts facts, CancellationToken cancellationToken) =>
        (facts.IsLlamaServer ? (IBackendDriver)_llamaServer : _other).CheckProcessAsync(facts, cancellationToken);

    public Task WakeAsync(CancellationToken cancellationToken) => _llamaServer.WakeAsync(cancellationToken);

    public void Dispose()
    {
        _llamaServer.Dispose();
        _other.Dispose();
    }
}
