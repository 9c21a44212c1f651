namespace Bioproxy.Host.Admin;

/// <summary>The slot queue at one moment.</summary>
/// <param name="Capacity">Leases that can be granted at once.</param>
/// <param name="Used">Leases that are granted.</param>
/// <param name="Lanes">Interactive, batch, warm-up.</param>
internal sealed record QueueSummary(int Capacity, int Used, IReadOnlyList<LaneSummary> Lanes);
