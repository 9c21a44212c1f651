namespace Bioproxy.Benchmarks.Routing;

/// <summary>Ways to choose an instance.</summary>
internal enum RoutingPolicy
{
    /// <summary>The real <see cref="Host.Routing.ModelRouter"/>.</summary>
    Bioproxy,

    /// <summary>One after the other.</summary>
    RoundRobin,

    /// <summary>The instance with the fewest requests at work and waiting.</summary>
    LeastLoaded,

    /// <summary>By the prompt's second block, because all prompts of the conversation trace have the same first one.</summary>
    Sticky,
}
