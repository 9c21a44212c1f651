namespace Bioproxy.Host.Backends.Drivers.Other;

/// <summary>Any other server: requests are forwarded to it, and nothing is known of what it caches. Where it lists its models, each is
/// reached by its name.</summary>
/// <param name="host">Its models.</param>
internal sealed class OtherServerDriver(ModelHost host) : IBackendDriver
{
    public ISlotApi? Slots => null;

    /// <summary>Whatever it answers, it is there.</summary>
    public async Task<Discovery> DiscoverAsync(BackendState known, CancellationToken cancellationToken)
    {
        var answer = await host.ListAsync(cancellationToken).ConfigureAwait(false);
        return answer.IsSuccess ? Discovery.Found(BackendStatus.Ready, ModelServerDriver.FactsOf(host.Server), null)
            : answer.Status is > 0 and < 500 ? Discovery.Found(BackendStatus.Ready, new BackendFacts { IsSelfManaged = true }, null)
            : ModelServerDriver.Failure(answer);
    }

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
