using Bioproxy.Host.Backends;
using Bioproxy.Host.Configuration;

namespace Bioproxy.Host.Pool;

/// <summary>
/// One model's state. Only used under the pool's lock, except for what never changes. Times are those of the pool's clock.
/// </summary>
internal sealed class PoolEntry(PoolModelOptions options)
{
    public PoolModelOptions Options { get; } = options;

    public string Name => Options.Name;

    public ModelLog Log { get; } = new();

    public PoolModelState State { get; set; } = PoolModelState.Unloaded;

    /// <summary>When the state began, for people.</summary>
    public DateTimeOffset Since { get; set; }

    /// <summary>The process of a ready or stopping model.</summary>
    public IModelProcess? Process { get; set; }

    /// <summary>Stops the load; set while the model is loading.</summary>
    public CancellationTokenSource? Load { get; set; }

    /// <summary>What it needs, in bytes; null when not known.</summary>
    public long? Memory { get; set; }

    /// <summary>How long its loads took.</summary>
    public LoadTime LoadTime { get; } = new();

    /// <summary>Callers that wait for a lease.</summary>
    public List<PoolWaiter> Waiters { get; } = [];

    /// <summary>Callers that wait for the model to be unloaded.</summary>
    public List<TaskCompletionSource> Unloaders { get; } = [];

    /// <summary>The model shall be loaded once without a caller, if there is room.</summary>
    public bool IsPreloadWanted { get; set; }

    /// <summary>Its place among the models that are wanted; lower is earlier.</summary>
    public long Order { get; set; }

    public TimeSpan WantedSince { get; set; }

    /// <summary>Leases of the present process.</summary>
    public int Leases { get; set; }

    /// <summary>Counts processes: a lease of an earlier one changes nothing when it is released.</summary>
    public int Generation { get; set; }

    public TimeSpan ReadySince { get; set; }

    public TimeSpan LastUsed { get; set; }

    /// <summary>The pool is about to stop the model and asks whether it is in use: no lease is granted.</summary>
    public bool IsClaimed { get; set; }

    /// <summary>It gets no further leases, because another model has waited for too long.</summary>
    public bool IsDraining { get; set; }

    /// <summary>In use without a lease, by the last answer; until the next idle signal.</summary>
    public bool IsBusyElsewhere { get; set; }

    /// <summary>Counts idle signals, so that one that arrives while the pool asks is not lost.</summary>
    public int IdleSignals { get; set; }

    /// <summary>Failed starts and crashes in a row.</summary>
    public int Failures { get; set; }

    /// <summary>The pause after a failure ends.</summary>
    public TimeSpan RetryAt { get; set; }

    /// <summary>The last failure was a start that failed, not a crash of a model that was ready.</summary>
    public bool HasStartFailed { get; set; }

    public string? Problem { get; set; }

    public bool IsWanted => Waiters.Count > 0 || IsPreloadWanted;

    /// <summary>It needs room in the pool.</summary>
    public bool IsResident => State is PoolModelState.Loading or PoolModelState.Ready or PoolModelState.Stopping;

    /// <summary>It waits to be started.</summary>
    public bool IsQueued => IsWanted && !IsResident;

    public bool CanLease => State == PoolModelState.Ready && !IsClaimed && !IsDraining && Unloaders.Count == 0;

    /// <summary>As far as the pool knows, nobody uses it.</summary>
    public bool IsIdle => State == PoolModelState.Ready && !IsClaimed && !IsBusyElsewhere && Leases == 0;
}
