namespace Bioproxy.Host.Pool;

/// <summary>What has to be done in a pool now, and when to plan again if nothing happens before.</summary>
internal sealed class PoolPlan
{
    /// <summary>Models to load: there is room.</summary>
    public List<PoolEntry> Starts { get; } = [];

    /// <summary>Idle models to stop.</summary>
    public List<PoolEntry> Retirements { get; } = [];

    /// <summary>Loads that nobody waits for any more.</summary>
    public List<PoolEntry> Abandoned { get; } = [];

    /// <summary>Models that get no further leases.</summary>
    public HashSet<PoolEntry> Draining { get; } = [];

    /// <summary>Preloads that there is no room for.</summary>
    public List<PoolEntry> DroppedPreloads { get; } = [];

    /// <summary>On the pool's clock, later than the time of the plan; null when only an event can change anything.</summary>
    public TimeSpan? NextDue { get; private set; }

    public void PlanAgainAt(TimeSpan due) => NextDue = NextDue is { } earlier && earlier <= due ? earlier : due;
}
