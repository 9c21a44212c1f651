using Bioproxy.Host.Configuration;
using Bioproxy.Host.Http;
using Bioproxy.Host.Models.Slots;

namespace Bioproxy.Host.Requests;

/// <summary>Why a queue gave no lease, for the client.</summary>
internal static class QueueRefusals
{
    public static ProxyFailure FailureOf(in QueueGrant grant, ProxyOptions options) => grant.Refusal == QueueRefusal.Full
        ? new(
            FailureKind.QueueFull,
            $"All slots are busy and {options.QueueMaxLength} requests wait already (queue.max_length).",
            grant.RetryAfter)
        : new(
            FailureKind.QueueTimedOut,
            $"No slot became free within {options.QueueMaxWait.TotalSeconds:0.###} s (queue.max_wait_seconds).",
            grant.RetryAfter);
}
