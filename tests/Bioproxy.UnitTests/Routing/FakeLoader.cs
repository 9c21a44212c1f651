using Bioproxy.Host.Backends;
using Bioproxy.Host.Http;

namespace Bioproxy.UnitTests.Routing;

/// <summary>A model that would have to be loaded.</summary>
internal sealed class FakeLoader : IModelLoader
{
    public double ExpectedSeconds { get; set; }

    public ISwapListener? Listener { get; private set; }

    public ValueTask<(SwapPass? Pass, ProxyFailure? Failure)> EnterAsync(CancellationToken cancellationToken) => default;

    public void Subscribe(ISwapListener listener) => Listener = listener;
}
