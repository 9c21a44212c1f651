using Bioproxy.Host.Models.Slots;

namespace Bioproxy.UnitTests.Fleet;

/// <summary>One arrival of a schedule.</summary>
/// <param name="At">When.</param>
/// <param name="Model">The model it names.</param>
/// <param name="Text">Its prompt.</param>
/// <param name="Client">Who sends it.</param>
internal sealed record FleetRequest(TimeSpan At, string Model, string Text, ulong Client)
{
    public Lane Lane { get; init; }

    /// <summary>Its client leaves this long after its arrival, if it has no answer by then; null for one that stays.</summary>
    public TimeSpan? LeavesAfter { get; init; }
}
