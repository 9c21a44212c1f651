namespace Bioproxy.Host.Pool;

/// <summary>Limits that come from other keys than <c>pool</c>.</summary>
/// <param name="SaveLimit">How long saving before an unload may take.</param>
/// <param name="MaxWait">
/// How long a load waits for a model that is in constant use. Then that model gets no further requests, and is stopped when those that it
/// has are finished.
/// </param>
internal sealed record PoolRules(TimeSpan SaveLimit, TimeSpan MaxWait);
