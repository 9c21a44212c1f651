using Bioproxy.Host.WarmUp;

namespace Bioproxy.Host.Admin;

/// <summary>One of several served models at one moment.</summary>
/// <param name="BackendName">The backend's name in the configuration.</param>
/// <param name="Name">What the backend calls its model.</param>
/// <param name="Backend">The backend.</param>
/// <param name="Queue">The queue before it.</param>
/// <param name="Slots">Its slots; empty while it does not show them.</param>
/// <param name="WarmUps">The warm-up of every template on it.</param>
internal sealed record ServedSummary(
    string BackendName,
    string Name,
    BackendSummary Backend,
    QueueSummary Queue,
    IReadOnlyList<SlotSummary> Slots,
    IReadOnlyList<WarmUpStatus> WarmUps)
{
    /// <summary>What conversations with it begin with.</summary>
    public IReadOnlyList<PreambleSummary> Preambles { get; init; } = [];
}
