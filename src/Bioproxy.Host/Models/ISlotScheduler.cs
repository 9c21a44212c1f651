using Bioproxy.Host.Models.Slots;
using Bioproxy.Host.Prompts;

namespace Bioproxy.Host.Models;

/// <summary>Decides which slot serves a leased prompt, and learns from the answer. Message-shaped: several proxies can share one.</summary>
internal interface ISlotScheduler
{
    /// <summary>Whether a slot holds a prefix of this prompt now. Quick: the queue asks under its lock.</summary>
    bool IsHot(CanonicalPrompt prompt);

    /// <summary>What placing this prompt now would choose. Quick: the router asks every instance for every request.</summary>
    PlanOption Estimate(CanonicalPrompt? prompt, Lane lane);

    /// <summary>Decides and prepares where a leased prompt goes.</summary>
    /// <param name="prompt">The prompt; null when nothing may be reused (several generations, or the client forbade it).</param>
    /// <param name="domain">The isolation domain of the request; null where there are no API keys.</param>
    /// <param name="weight">How many slots the work occupies.</param>
    /// <param name="lane">Whose work it is.</param>
    /// <param name="cancellationToken">The client left; nothing is then left behind.</param>
    ValueTask<Placement> PlaceAsync(CanonicalPrompt? prompt, string? domain, int weight, Lane lane, CancellationToken cancellationToken);

    /// <summary>The backend's first byte came: the work has begun.</summary>
    void Started(Placement placement);

    /// <summary>Learns from how the work ended. Returns when its slot is idle: at once for a complete answer, otherwise when the slot list
    /// says so. Then the lease may be released.</summary>
    Task SettleAsync(Placement placement, WorkOutcome outcome);
}
