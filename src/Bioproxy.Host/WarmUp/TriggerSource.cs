using Bioproxy.Host.Models.Snapshots;
using Bioproxy.Host.Prompts;

namespace Bioproxy.Host.WarmUp;

/// <summary>The prefix of all prompts that a template is expanded in.</summary>
internal sealed class TriggerSource(string trigger, StaticPrefixFinder finder) : IWarmUpSource
{
    public string Name => trigger;

    public string Label => trigger;

    public string? Domain => null;

    public Task<(Rehearsal? Rehearsal, string? Problem)> RehearseAsync(CancellationToken cancellationToken) =>
        finder.RehearseAsync(trigger, cancellationToken);

    public bool IsOf(Snapshot snapshot) => snapshot.Trigger == trigger;

    public Task<SaveOutcome> SaveAsync(SnapshotWriter writer, int slot, StaticPrefix found, PromptChain chain) =>
        writer.SaveTemplateAsync(slot, trigger, found.Tokens.Length, found.Hash, chain, CancellationToken.None);
}
