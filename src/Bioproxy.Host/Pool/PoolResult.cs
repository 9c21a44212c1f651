namespace Bioproxy.Host.Pool;

/// <summary>A lease on a loaded model, or the reason why there is none: exactly one of the two.</summary>
/// <param name="Lease">Must be disposed.</param>
/// <param name="Failure">The reason.</param>
internal sealed record PoolResult(PoolLease? Lease, PoolFailure? Failure);
