namespace Bioproxy.Host.Backends.Drivers;

/// <summary>One model of a <see cref="SelfManagedServer"/>, whose list says all that is known of it.</summary>
internal sealed class SelfManagedModelDriver(Func<BackendFacts> facts) : IBackendDriver
{
    public ISlotApi? Slots => null;

    public Task<Discovery> DiscoverAsync(BackendState known, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return Task.FromResult(Discovery.Found(BackendStatus.Ready, facts(), null));
    }

    public Task<ProcessCheck> CheckProcessAsync(BackendFacts facts, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return Task.FromResult(ProcessCheck.Unknown);
    }

    public Task WakeAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose()
    {
        // the connections belong to the server
    }
}
