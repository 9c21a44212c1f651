namespace Bioproxy.Host.Models.Slots;

/// <summary>All that a plan depends on, but for the slots.</summary>
internal readonly record struct PlanQuestion
{
    /// <summary>Tokens of the prompt, estimated from its text.</summary>
    public double Tokens { get; init; }

    /// <summary>The snapshot that covers most as a whole.</summary>
    public SnapshotOption Whole { get; init; }

    /// <summary>A longer state that shares more with the prompt, but has to go back to it.</summary>
    public SnapshotOption Partial { get; init; }

    /// <summary>Tokens that the server's own RAM cache should have.</summary>
    public double RamTokens { get; init; }

    /// <summary>False where the server has to choose the slot of a prompt that none is known to hold: it empties idle slots, or some
    /// slot's content is not known.</summary>
    public bool MayPinCold { get; init; }

    public Rates Rates { get; init; }
}
