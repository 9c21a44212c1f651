using Bioproxy.Abstractions;

namespace Bioproxy.Fixtures.Handler;

/// <summary>Blocks its thread until the process ends, whatever it is told.</summary>
[RequestHandler("block", Command = "block")]
public sealed class BlockHandler : IRequestHandler
{
    private static readonly ManualResetEvent Never = new(false);

    public ValueTask<bool> HandleAsync(RequestCall request, CancellationToken cancellationToken) => ValueTask.FromResult(Never.WaitOne());
}
