using Bioproxy.Abstractions;

namespace Bioproxy.Fixtures.Handler;

/// <summary>Always fails, before it has written anything.</summary>
[RequestHandler("boom", Command = "boom")]
public sealed class BoomHandler : IRequestHandler
{
    public ValueTask<bool> HandleAsync(RequestCall request, CancellationToken cancellationToken) =>
        throw new InvalidOperationException("this handler always fails");
}
