namespace Bioproxy.Host.Slots;

/// <summary>Where a prompt should go.</summary>
/// <param name="Source">Where its beginning comes from.</param>
/// <param name="Slot">The slot to pin; null lets the backend choose.</param>
/// <param name="Shared">Bytes of canonical text that need not be computed, as far as known.</param>
/// <param name="IsExpectedInRam">The backend's own RAM cache should have more of it than any slot or snapshot: it is left to choose.</param>
internal readonly record struct SlotPlan(PromptSource Source, int? Slot, int Shared, bool IsExpectedInRam = false);
