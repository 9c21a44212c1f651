using Bioproxy.Host.Models.Slots;
using Bioproxy.Host.Models.Snapshots;

namespace Bioproxy.Benchmarks.Routing;

/// <summary>A way to choose what is evicted from the disk.</summary>
/// <param name="Name">What the table calls it.</param>
/// <param name="Value">What a snapshot is worth for its size; null for the rule in use.</param>
internal sealed record EvictionRule(string Name, Func<StoredSnapshot, DateTimeOffset, double>? Value)
{
    public static EvictionRule InUse { get; } = new("rule in use", null);

    /// <summary>The rule before this benchmark: a day without use halves the value, and nothing is said of what others hold, too.</summary>
    public static EvictionRule Former { get; } = new("half-life of a day", static (stored, now) =>
        stored.Snapshot.Tokens * EvictionCost.ChanceOfReturn(Math.Max(1, stored.Snapshot.Turns))
        * Math.Pow(0.5, (now - stored.LastUsed).TotalDays) / stored.Snapshot.Bytes);

    public static EvictionRule LeastRecentlyUsed { get; } = new("least recently used", static (stored, now) =>
        -(now - stored.LastUsed).TotalSeconds);
}
