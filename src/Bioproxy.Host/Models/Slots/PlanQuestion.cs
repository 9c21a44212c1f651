namespace Bioproxy.Host.Models.Slots;

/// <summary>Everything a plan depends on besides the slots.</summary>
internal readonly record struct PlanQuestion
{
    /// <summary>Tokens of the prompt, estimated from its text.</summary>
    public double Tokens { get; init; }

    /// <summary>The longest snapshot that is a prefix of the prompt as a whole.</summary>
    public SnapshotOption Whole { get; init; }

    /// <summary>A longer state that shares more with the prompt, but has to be rolled back.</summary>
    public SnapshotOption Partial { get; init; }

    /// <summary>Tokens that the server's own RAM cache is expected to have.</summary>
    public double RamTokens { get; init; }

    /// <summary>False where the server has to choose the slot of a prompt that no slot is known to hold: it empties idle slots, or some
    /// slot's content is unknown.</summary>
    public bool MayPinCold { get; init; }

    public Rates Rates { get; init; }
}
