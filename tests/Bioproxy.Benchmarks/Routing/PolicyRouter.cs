using Bioproxy.Host.Models.Slots;
using Bioproxy.Host.Prompts;

namespace Bioproxy.Benchmarks.Routing;

/// <summary>Chooses the instance of a request by one policy.</summary>
internal sealed class PolicyRouter(RoutingPolicy policy, SimulatedFleet fleet)
{
    private int _next;

    public int Choose(TraceRequest request, CanonicalPrompt prompt) => policy switch
    {
        RoutingPolicy.Bioproxy => IndexOf(fleet.Router.Route(null, prompt, null, Lane.Interactive)[0].Model.Backend.Name),
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
