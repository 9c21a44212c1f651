using Bioproxy.Benchmarks.Routing;
using Bioproxy.Cluster.Messages;

namespace Bioproxy.Benchmarks.Scale;

/// <summary>A request on its way.</summary>
/// <param name="Request">The request of the trace.</param>
/// <param name="Server">Where it goes.</param>
/// <param name="Turn">Its turn.</param>
/// <param name="Taking">The answer of the owner.</param>
internal sealed record ScaleJob(TraceRequest Request, ScaleServer Server, Guid Turn, Task<TurnAnswer?> Taking)
{
    public int Slot { get; set; }

    /// <summary>Blocks that were there already.</summary>
    public int Reused { get; set; }
}
