namespace Bioproxy.Host.Backends.Drivers;

/// <summary>A server with several models as a whole: it has no slots, and its discovery is its list.</summary>
internal sealed class ModelServerDriver(ModelHost host) : IBackendDriver
{
    public ISlotApi? Slots => null;

    public Task<Discovery> DiscoverAsync(BackendState known, CancellationToken cancellationToken) => DiscoverAsync(host, cancellationToken);

    /// <summary>What the list says of its server.</summary>
    public static async Task<Discovery> DiscoverAsync(ModelHost host, CancellationToken cancellationToken)
    {
        var answer = await host.ListAsync(cancellationToken).ConfigureAwait(false);
        return answer.IsSuccess ? Discovery.Found(BackendStatus.Ready, FactsOf(host.Server), null) : Failure(answer);
    }

    /// <summary>The server as a whole.</summary>
    public static BackendFacts FactsOf(IModelServer server) => new()
    {
        IsRouter = true,
        IsOllama = server.SpeaksOllama,
        IsSelfManaged = server.IsSelfManaged,
        ModelAlias = server.Kind,
    };

    /// <summary>What a list that did not come says of the server.</summary>
    public static Discovery Failure(BackendAnswer<ModelList> answer) =>
        answer.IsSilent ? Discovery.Silence
        : answer.IsUnreachable ? Discovery.Found(BackendStatus.Unreachable, null, answer.Problem)
        : Discovery.Failed($"it did not list its models (status {answer.Status}): {answer.Problem}");

    public Task<ProcessCheck> CheckProcessAsync(BackendFacts facts, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return Task.FromResult(ProcessCheck.Unknown);
    }

    public Task WakeAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose()
    {
        // the list belongs to the host
    }
}
