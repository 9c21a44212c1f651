namespace Bioproxy.Benchmarks.Routing;

/// <summary>What one replay came to.</summary>
/// <param name="Policy">How requests were routed.</param>
/// <param name="Rule">What was evicted.</param>
/// <param name="DiskBlocks">Room on disk.</param>
/// <param name="Reused">Reused blocks as a share of all blocks.</param>
/// <param name="Busiest">Slot seconds of the busiest instance divided by the mean.</param>
/// <param name="Median">Median of the simulated seconds to the first token.</param>
/// <param name="NinetyFifth">Their 95th percentile.</param>
/// <param name="ComputedTokens">Prompt tokens computed.</param>
internal sealed record ReplayResult(
    RoutingPolicy Policy,
    EvictionRule Rule,
    int DiskBlocks,
    double Reused,
    double Busiest,
    double Median,
    double NinetyFifth,
    long ComputedTokens);
