namespace Bioproxy.Host.Backends;

/// <summary>A request that waits for its model at a <see cref="SwapGate"/>.</summary>
internal sealed class SwapWaiter(SwapModel model, long since)
{
    public SwapModel Model => model;

    public long Since => since;

    public TaskCompletionSource<SwapPass> Granted { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
}
