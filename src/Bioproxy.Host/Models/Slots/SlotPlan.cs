namespace Bioproxy.Host.Models.Slots;

/// <summary>Where a prompt should go.</summary>
/// <param name="Source">Where its prefix comes from.</param>
/// <param name="Slot">The slot to pin; null lets the backend choose.</param>
/// <param name="Shared">Bytes of canonical text that need not be computed, as far as known.</param>
/// <param name="IsExpectedInRam">The backend's own RAM cache should have more of it than any slot or snapshot.</param>
internal readonly record struct SlotPlan(PromptSource Source, int? Slot, int Shared, bool IsExpectedInRam = false)
{
    /// <summary>A state has to be rolled back to what it shares with the prompt.</summary>
    public bool IsPartial { get; init; }

    /// <summary>The backend cannot be told the slot. It takes the free one that shares most with the prompt, which is this one when it
    /// holds what was planned and nothing else begins meanwhile.</summary>
    public bool IsUnpinned { get; init; }

    /// <summary>The slot that the work is pinned to; null leaves the choice to the backend.</summary>
    public int? Pin => IsUnpinned ? null : Slot;

    /// <summary>The slot's content is worth saving first.</summary>
    public bool SaveFirst { get; init; }

    /// <summary>The save of that slot, which has to end first.</summary>
    public SlotWork? Save { get; init; }

    /// <summary>The options that were compared, the chosen one among them; null where there was nothing to compare.</summary>
    public IReadOnlyList<PlanOption>? Considered { get; init; }

    /// <summary>The chosen option with its cost.</summary>
    public PlanOption Chosen { get; init; }

    /// <summary>The isolation domain of the request; null when there is none.</summary>
    public string? Domain { get; init; }

    /// <summary>The server itself chooses what it reuses (a slot for unpinned work, an entry of its RAM cache), and may hold content of
    /// another domain: only <c>cache_prompt: false</c> or an erased slot rules that out.</summary>
    public bool MayMeetForeignDomain { get; init; }

    /// <summary>The server itself chooses what it reuses, and holds or held content that no work of this proxy explains.</summary>
    public bool MayMeetForeignContent { get; init; }
}
