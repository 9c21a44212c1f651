using Bioproxy.Host.Http;

namespace Bioproxy.Host.Backends;

/// <summary>A model behind the gate of its server: a request waits until it may be loaded.</summary>
internal sealed class GatedModel(string name, SwapGate gate) : IModelLoader
{
    public double ExpectedSeconds => gate.ExpectedSeconds(name);

    public async ValueTask<(SwapPass? Pass, ProxyFailure? Failure)> EnterAsync(CancellationToken cancellationToken) =>
        (await gate.EnterAsync(name, cancellationToken).ConfigureAwait(false), null);

    public void Subscribe(ISwapListener listener) => gate.Subscribe(name, listener);
}
