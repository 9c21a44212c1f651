namespace Bioproxy.Host.Pool;

/// <summary>A caller that waits for a lease on a model.</summary>
internal sealed class PoolWaiter(PoolEntry entry)
{
    private readonly TaskCompletionSource<PoolResult> _result = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public PoolEntry Entry => entry;

    public Task<PoolResult> Result => _result.Task;

    public void Complete(PoolResult result) => _result.SetResult(result);

    public void Cancel(CancellationToken cancellationToken) => _result.SetCanceled(cancellationToken);
}
