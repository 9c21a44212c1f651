using Bioproxy.Host.Backends;
using Bioproxy.Host.Http;
using Bioproxy.Host.Models.Slots;
using Bioproxy.Host.Prompts;

namespace Bioproxy.Host.Models;

/// <summary>Who schedules a model that several proxies share: this proxy, or another one that is asked for every turn. The queue, the slot
/// table, warm-up and saving are the owner's.</summary>
internal interface IModelOwner
{
    /// <summary>This proxy schedules it.</summary>
    bool IsHere { get; }

    /// <summary>The proxy that schedules it, for people; null while that is not known.</summary>
    string? Name { get; }

    /// <summary>Asks the owner for a turn, and waits in its queue. Where no owner can be reached, the answer is null: then the server
    /// chooses.</summary>
    /// <exception cref="OperationCanceledException">The client left; nothing is left behind.</exception>
    Task<QueueGrant?> TakeAsync(QueueEntry entry, CancellationToken cancellationToken);

    /// <summary>To be awaited before a call that takes no slot.</summary>
    /// <returns>What has to be disposed when the call has ended, or why the model cannot be used; neither where the server is called
    /// without the owner's knowledge.</returns>
    ValueTask<(SwapPass? Pass, ProxyFailure? Failure)> EnterAsync(CancellationToken cancellationToken);

    /// <summary>What a prompt would meet at the owner.</summary>
    /// <returns>Null when the owner did not answer soon.</returns>
    ValueTask<RouteFigures?> EstimateAsync(CanonicalPrompt? prompt, Lane lane, int weight, CancellationToken cancellationToken);
}
