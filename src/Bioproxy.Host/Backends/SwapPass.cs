namespace Bioproxy.Host.Backends;

/// <summary>The right to use a model: until it is disposed the model is not made to go. Disposing it twice does nothing.</summary>
/// <param name="end">Gives the right back.</param>
/// <param name="leaving">Cancelled when the model has to leave, which only a control call can see.</param>
internal sealed class SwapPass(Action end, CancellationToken leaving) : IDisposable
{
    private Action? _end = end;

    public CancellationToken Leaving => leaving;

    /// <summary>The turn of the call, where another proxy passes it on; null where the server is reached directly.</summary>
    public string? Turn { get; init; }

    public void Dispose() => Interlocked.Exchange(ref _end, null)?.Invoke();
}
