namespace Bioproxy.Host.Models.Slots;

/// <summary>Where a prompt should go.</summary>
/// <param name="Source">Where its beginning comes from.</param>
/// <param name="Slot">The slot to pin; null lets the backend choose.</param>
/// <param name="Shared">Bytes of canonical text that need not be computed, as far as known.</param>
/// <param name="IsExpectedInRam">The backend's own RAM cache should have more of it than any slot or snapshot.</param>
internal readonly record struct SlotPlan(PromptSource Source, int? Slot, int Shared, bool IsExpectedInRam = false)
{
    /// <summary>A state has to go back to what it shares with the prompt.</summary>
    public bool IsPartial { get; init; }

    /// <summary>What the slot holds is worth saving before.</summary>
    public bool SaveFirst { get; init; }

    /// <summary>What was compared, the chosen way among them; null where there was nothing to compare.</summary>
    public IReadOnlyList<PlanOption>? Considered { get; init; }

    /// <summary>The cost of the way that was chosen.</summary>
    public PlanOption Chosen { get; init; }
}
