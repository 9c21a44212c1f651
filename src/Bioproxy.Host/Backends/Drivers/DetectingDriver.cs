using Bioproxy.Host.Backends.Drivers.LlamaServer;

namespace Bioproxy.Host.Backends.Drivers;

/// <summary>For a backend whose kind is not configured: asks as a llama-server first, then whether it is a known server with several
/// models, and takes what is neither as any other server.</summary>
/// <param name="url">The server's address.</param>
/// <param name="connectTimeout">The longest wait for a connection.</param>
/// <param name="apiKey">The key; null for none.</param>
/// <param name="servers">The servers with several models that it may be, with the host of their models; null where it cannot be
/// one.</param>
internal sealed class DetectingDriver(
    Uri url, TimeSpan connectTimeout, string? apiKey, (DetectedServer Kinds, ModelHost Host)? servers = null) : IBackendDriver
{
    private readonly LlamaServerDriver _llamaServer = new(url, connectTimeout, apiKey);

    public ISlotApi? Slots => _llamaServer.Slots;

    public async Task<Discovery> DiscoverAsync(BackendState known, CancellationToken cancellationToken)
    {
        var found = await _llamaServer.DiscoverAsync(known, cancellationToken).ConfigureAwait(false);
        if (servers is not var (kinds, host))
            return found.Kind == DiscoveryKind.OtherKind ? Other : found;
        if (found.Facts is { IsRouter: true })
        {
            kinds.BecomeRouter();
            var answer = await host.ListAsync(cancellationToken).ConfigureAwait(false);
            return answer.IsSuccess ? found : ModelServerDriver.Failure(answer);
        }

        if (found.Kind != DiscoveryKind.OtherKind)
            return found;

        // Asked for its kind once: a server would log every question that it does not know.
        if (known is { Status: BackendStatus.Ready, Facts: { IsLlamaServer: false } before })
        {
            if (!before.IsRouter)
                return Other;
            var listed = await ModelServerDriver.DiscoverAsync(host, cancellationToken).ConfigureAwait(false);
            if (listed is { Kind: DiscoveryKind.Found or DiscoveryKind.Silence })
                return listed;
        }

        return await kinds.RecogniseAsync(cancellationToken).ConfigureAwait(false)
            ? await ModelServerDriver.DiscoverAsync(host, cancellationToken).ConfigureAwait(false)
            : Other;
    }

    public Task<ProcessCheck> CheckProcessAsync(BackendFacts facts, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return facts.IsLlamaServer
            ? _llamaServer.CheckProcessAsync(facts, cancellationToken)
            : Task.FromResult(ProcessCheck.Unknown);
    }

    public Task WakeAsync(CancellationToken cancellationToken) => _llamaServer.WakeAsync(cancellationToken);

    public Task<BackendAnswer<string>> ReadMetricsAsync(CancellationToken cancellationToken) =>
        _llamaServer.ReadMetricsAsync(cancellationToken);

    public void Dispose() => _llamaServer.Dispose();

    /// <summary>It has answered: that is all there is to know.</summary>
    private static Discovery Other { get; } = Discovery.Found(BackendStatus.Ready, new BackendFacts(), null);
}
