using Bioproxy.Host.Models.Slots;
using Bioproxy.Host.Prompts;

namespace Bioproxy.Host.Models;

/// <summary>For an instance without slots: the backend places everything itself.</summary>
internal sealed class ServerChoosesScheduler(ModelContext context, InstanceBackend backend) : ISlotScheduler
{
    public bool IsHot(CanonicalPrompt prompt) => false;

    public double ExpectedSeconds(CanonicalPrompt? prompt, string? domain, Lane lane)
    {
        var rates = context.Rates.Now;
        return prompt is null ? 0 : rates.PrefillSeconds(prompt.Chain.Length * rates.TokensPerByte);
    }

    public ValueTask<Placement> PlaceAsync(
        CanonicalPrompt? prompt, string? domain, int weight, Lane lane, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return new(Placement.ServerChooses);
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
