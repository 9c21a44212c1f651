using Bioproxy.Host.Models;
using Bioproxy.Host.Models.Slots;
using Bioproxy.Host.Prompts;

namespace Bioproxy.Benchmarks.Routing;

/// <summary>A request on its way through the simulation.</summary>
internal sealed class ReplayJob(TraceRequest request, CanonicalPrompt prompt, double arrived, int instance)
{
    public TraceRequest Request { get; } = request;

    public CanonicalPrompt Prompt { get; } = prompt;

    public double Arrived { get; } = arrived;

    public int Instance { get; } = instance;

    public required Task<QueueGrant> Turn { get; init; }

    public Lease? Lease { get; set; }

    public Placement? Placement { get; set; }

    public int Slot { get; set; }

    public int Reused { get; set; }

    public double Began { get; set; }

    public int Computed => (Request.Blocks.Length - Reused) * SimulatedRates.BlockTokens;
}
