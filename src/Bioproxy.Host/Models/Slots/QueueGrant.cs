namespace Bioproxy.Host.Models.Slots;

/// <summary>The queue's answer: a lease, or why there is none.</summary>
internal readonly record struct QueueGrant(Lease? Lease, QueueRefusal Refusal, TimeSpan Waited, TimeSpan RetryAfter);
