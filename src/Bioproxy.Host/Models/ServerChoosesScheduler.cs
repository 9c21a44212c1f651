using Bioproxy.Host.Models.Slots;
using Bioproxy.Host.Prompts;

namespace Bioproxy.Host.Models;

/// <summary>For an instance without slots: the backend places everything itself.</summary>
internal sealed class ServerChoosesScheduler(ModelContext context, InstanceBackend backend, bool isOwned = true) : ISlotScheduler
{
    public bool IsHot(CanonicalPrompt prompt) => false;

    /// <summary>A model that is not loaded has no slots; once it is, what is on disk for it can be restored.</summary>
    public PlanOption Estimate(CanonicalPrompt? prompt, Lane lane)
    {
        if (prompt is null)
            return default;
        var rates = context.Rates.Now;
        var tokens = prompt.Chain.Length * rates.TokensPerByte;
        var computed = new PlanOption(PromptSource.Cold, null, 0, rates.PrefillSeconds(tokens), 0);
        if (!context.Options.KvEnabled || context.Rates.Identity is not { } fingerprint || context.Effectiveness.Disabled is not null
            || context.Snapshots.Find(prompt, fingerprint, context.Place).Whole is not { } snapshot)
            return computed;
        var reused = Math.Min(tokens, snapshot.Chain.Length * rates.TokensPerByte);
        var seconds = rates.RestoreSeconds(snapshot.Bytes) + rates.PrefillSeconds(tokens - reused);
        return seconds < computed.Seconds ? new(PromptSource.Restored, null, reused, seconds, 0, snapshot.Bytes) : computed;
    }

    public ValueTask<Placement> PlaceAsync(
        CanonicalPrompt? prompt, string? domain, int weight, Lane lane, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (!isOwned) // the owner knows whose state is in reach, and cannot be asked
            return new(backend.HasCache ? new Placement { ForbidsReuse = true } : Placement.ServerChooses);
        return new(Placement.ByTheServer(context.Domains, domain, backend.HasCache));
    }

    public void Started(Placement placement)
    {
        // nothing to learn
    }

    public Task SettleAsync(Placement placement, WorkOutcome outcome)
    {
        backend.Touch();
        return Task.CompletedTask;
    }
}
