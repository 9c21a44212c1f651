using Bioproxy.Host.Backends;
using Bioproxy.Host.Models.Slots;
using Bioproxy.Host.Models.Snapshots;
using Bioproxy.Host.Prompts;

namespace Bioproxy.Host.Models;

/// <summary>One loaded model on one backend in one process lifetime.</summary>
internal sealed class ModelInstance(Placer placer, ConversationKeeper keeper, BackendMonitor monitor, CancellationToken stopping)
{
    /// <summary>Whether a slot holds a prefix of this prompt now. Quick: the queue asks under its lock.</summary>
    public bool IsHot(CanonicalPrompt prompt) => placer.IsHot(prompt);

    /// <summary>Decides and prepares where a leased prompt goes.</summary>
    /// <exception cref="OperationCanceledException">The client left; nothing is left behind.</exception>
    public ValueTask<Placement> PlaceAsync(CanonicalPrompt? prompt, int weight, Lane lane, CancellationToken cancellationToken) =>
        placer.PlaceAsync(prompt, weight, lane, cancellationToken);

    /// <summary>The backend's first byte came.</summary>
    public void Started(Placement placement) => placer.Started(placement);

    /// <summary>Learns from how the work ended; returns when its slot is idle.</summary>
    public Task SettleAsync(Placement placement, WorkOutcome outcome) => placer.SettleAsync(placement, outcome, stopping);

    /// <summary>Gives a lease back, after saving what its slot would not keep. Returns at once; the saving happens in the background.</summary>
    public void Return(Lease lease)
    {
        if (keeper.SavesAtOnce)
            _ = keeper.SaveThenReleaseAsync(lease);
        else
            lease.Release();
        placer.CatchUpSoon();
    }

    /// <summary>To be awaited before a request that would wake a sleeping server.</summary>
    public ValueTask NoticeSleepAsync(CancellationToken cancellationToken) => monitor.NoticeSleepAsync(cancellationToken);

    /// <summary>Saves what is worth it before the adapters change.</summary>
    public Task SaveBeforeAdaptersChangeAsync(CancellationToken cancellationToken) =>
        keeper.SaveAllAsync("before the adapters change", TimeSpan.Zero, goesFirst: true, cancellationToken);

    /// <summary>Something contradicts what is known of this process.</summary>
    public void Suspect(string reason) => monitor.Suspect(monitor.State.Epoch, reason);
}
