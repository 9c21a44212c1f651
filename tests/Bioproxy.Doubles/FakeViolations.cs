namespace Bioproxy.Doubles;

/// <summary>Violations that a well-behaved client never commits, counted over all restarts.</summary>
internal sealed class FakeViolations
{
    internal int SlotCollisionCount;
    internal int OverloadCount;
    internal int PoisonedReuseCount;

    /// <summary>
    /// Requests and slot actions for a busy slot, except where the client could not know that it was busy (<see cref="FakeEngine.End"/>).
    /// </summary>
    public int SlotCollisions => Volatile.Read(ref SlotCollisionCount);

    /// <summary>Unpinned requests that found no idle slot.</summary>
    public int Overloads => Volatile.Read(ref OverloadCount);

    /// <summary>Requests answered from a state that other weights had computed: silently wrong answers.</summary>
    public int PoisonedReuses => Volatile.Read(ref PoisonedReuseCount);
}
