using Bioproxy.Host.Models.Slots;
using Bioproxy.Host.Prompts;

namespace Bioproxy.Benchmarks.Routing;

/// <summary>Chooses the instance of a request by one policy.</summary>
internal sealed class PolicyRouter(RoutingPolicy policy, SimulatedFleet fleet)
{
    private int _next;

    /// <returns>The instance, and the seconds that the prompt is expected to take there, where the policy asks.</returns>
    public (int Instance, double PromptSeconds) Choose(TraceRequest request, CanonicalPrompt prompt)
    {
        if (policy != RoutingPolicy.Bioproxy)
            return (Choose(request), 0);
        var best = fleet.Router.Route(null, prompt, Lane.Interactive, 1)[0];
        return (IndexOf(best.Model.Backend.Name), best.PromptSeconds);
    }

    private int Choose(TraceRequest request) => policy switch
    {
        RoutingPolicy.RoundRobin => _next++ % fleet.Models.Count,
        RoutingPolicy.LeastLoaded => Enumerable.Range(0, fleet.Models.Count).MinBy(Load),
        _ => (int)((uint)(request.Blocks[Math.Min(1, request.Blocks.Length - 1)] * 2654435761u) % fleet.Models.Count),
    };

    private static int IndexOf(string name) => int.Parse(name.AsSpan(1), System.Globalization.CultureInfo.InvariantCulture);

    private int Load(int instance)
    {
        var queue = fleet.Models[instance].Queue.View;
        return queue.Used + queue.UsersWaiting;
    }
}
