using Bioproxy.Abstractions;

namespace Bioproxy.Fixtures.Handler;

/// <summary>Never ends, but stops when it is told to.</summary>
[RequestHandler("stuck", Command = "stuck")]
public sealed class StuckHandler : IRequestHandler
{
    public async ValueTask<bool> HandleAsync(RequestCall request, CancellationToken cancellationToken)
    {
        await Task.Delay(Timeout.Infinite, cancellationToken);
        return true;
    }
}
