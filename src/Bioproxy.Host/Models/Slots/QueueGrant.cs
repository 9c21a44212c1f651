using Bioproxy.Host.Http;

namespace Bioproxy.Host.Models.Slots;

/// <summary>The queue's answer: a lease, or why there is none.</summary>
internal readonly record struct QueueGrant(Lease? Lease, QueueRefusal Refusal, TimeSpan Waited, TimeSpan RetryAfter)
{
    /// <summary>Why the owner's server cannot be used; null when it can.</summary>
    public ProxyFailure? Failure { get; init; }
}
