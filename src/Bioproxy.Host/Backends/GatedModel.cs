using Bioproxy.Host.Http;

namespace Bioproxy.Host.Backends;

/// <summary>A model behind the gate of its server: a request waits until it may be loaded.</summary>
/// <param name="name">The model.</param>
/// <param name="gate">The gate.</param>
/// <param name="canUnload">The server unloads a model when it is asked to.</param>
internal sealed class GatedModel(string name, SwapGate gate, bool canUnload) : IModelLoader
{
    public string State => gate.StateOf(name) switch
    {
        SwapState.Coming => "loading",
        SwapState.Here => "ready",
        SwapState.Leaving => "stopping",
        _ => "unloaded",
    };

    public string? Obstacle => gate.ObstacleOf(name);

    public bool CanUnload => canUnload;

    /// <summary>Its server keeps it.</summary>
    public IReadOnlyList<string>? Log => null;

    public double ExpectedSeconds => gate.ExpectedSeconds(name);

    public async ValueTask<(SwapPass? Pass, ProxyFailure? Failure)> EnterAsync(CancellationToken cancellationToken) =>
        (await gate.EnterAsync(name, cancellationToken).ConfigureAwait(false), null);

    /// <summary>That is its server's affair.</summary>
    public ValueTask<bool> RestartsAsync(CancellationToken cancellationToken) => ValueTask.FromResult(false);

    public Task UnloadAsync(CancellationToken cancellationToken) => gate.UnloadAsync(name, cancellationToken);

    public void Subscribe(ISwapListener listener) => gate.Subscribe(name, listener);
}
