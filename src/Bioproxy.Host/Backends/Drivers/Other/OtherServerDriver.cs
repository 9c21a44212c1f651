namespace Bioproxy.Host.Backends.Drivers.Other;

/// <summary>Any other server: requests are forwarded to it, and nothing is known of what it caches.</summary>
internal sealed class OtherServerDriver(Uri url, TimeSpan connectTimeout, string? apiKey) : IBackendDriver
{
    private readonly ControlCalls _calls = new(url, connectTimeout, apiKey);

    public ISlotApi? Slots => null;

    /// <summary>Whatever it answers, it is there.</summary>
    public async Task<Discovery> DiscoverAsync(BackendState known, CancellationToken cancellationToken)
    {
        var answer = await _calls.GetAsync("v1/models", cancellationToken).ConfigureAwait(false);
        answer.Value?.Dispose();
        if (answer.IsSilent)
            return Discovery.Silence;
        if (answer.IsUnreachable)
            return Discovery.Found(BackendStatus.Unreachable, null, answer.Problem);
        return answer.Status >= 500
            ? Discovery.Failed($"it answers /v1/models with status {answer.Status}: {answer.Problem}")
            : Discovery.Found(BackendStatus.Ready, new BackendFacts(), null);
    }

    public Task<ProcessCheck> CheckProcessAsync(BackendFacts facts, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return Task.FromResult(ProcessCheck.Unknown);
    }

    public Task WakeAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose() => _calls.Dispose();
}
