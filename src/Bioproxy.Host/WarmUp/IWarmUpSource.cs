using Bioproxy.Host.Models.Snapshots;
using Bioproxy.Host.Prompts;

namespace Bioproxy.Host.WarmUp;

/// <summary>A prompt prefix that is kept warm: a template's, or a preamble.</summary>
internal interface IWarmUpSource
{
    /// <summary>Its name for people.</summary>
    string Name { get; }

    /// <summary>Its name in metrics: a closed set.</summary>
    string Label { get; }

    /// <summary>The only domain that may use it. Null: open to all.</summary>
    string? Domain { get; }

    /// <summary>The prompts that begin with it. Touches no backend.</summary>
    /// <returns>The prompts, or why there are none.</returns>
    Task<(Rehearsal? Rehearsal, string? Problem)> RehearseAsync(CancellationToken cancellationToken);

    /// <summary>Whether a snapshot is one of this prefix, in some version.</summary>
    bool IsOf(Snapshot snapshot);

    /// <summary>Saves a slot that holds it.</summary>
    Task<SaveOutcome> SaveAsync(SnapshotWriter writer, int slot, StaticPrefix found, PromptChain chain);
}
