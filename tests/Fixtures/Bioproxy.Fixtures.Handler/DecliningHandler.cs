using Bioproxy.Abstractions;

namespace Bioproxy.Fixtures.Handler;

/// <summary>Is asked about every request and leaves each of them.</summary>
[RequestHandler("declining")]
public sealed class DecliningHandler : IRequestHandler
{
    public ValueTask<bool> HandleAsync(RequestCall request, CancellationToken cancellationToken) => ValueTask.FromResult(false);
}
