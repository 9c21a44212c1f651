using Bioproxy.Host.Models.Slots;

namespace Bioproxy.Host.Models.Snapshots;

/// <summary>Decides which snapshots are evicted. A pure function.</summary>
internal static class EvictionPolicy
{
    /// <summary>Beyond these minutes, what was not used for twice as long is half as likely to be requested next: on a scale of hours as on
    /// one of days, because the times after which people come back have no typical length. Within them age says little.</summary>
    private const double HalfValueMinutes = 10;

    /// <summary>What a newer snapshot holds, too, can be restored from there by every model whose state can be rolled back.</summary>
    private const double CoveredLoss = 0.9;

    /// <summary>Relative value of a snapshot for a model that is not loaded now.</summary>
    private const double OtherModel = 0.1;

    /// <param name="snapshots">All there are.</param>
    /// <param name="limits">What they may take.</param>
    /// <param name="now">The time.</param>
    /// <param name="value">What a snapshot is worth for its size; <see cref="ValuePerByte"/> but for comparisons.</param>
    /// <returns>What is evicted and why, in order.</returns>
    public static IReadOnlyList<(Snapshot Snapshot, string Reason)> Choose(
        IReadOnlyList<StoredSnapshot> snapshots,
        in EvictionLimits limits,
        DateTimeOffset now,
        Func<StoredSnapshot, DateTimeOffset, double>? value = null)
    {
        value ??= ValuePerByte;
        var evicted = new List<(Snapshot Snapshot, string Reason)>();
        var kept = new List<StoredSnapshot>();
        foreach (var stored in snapshots)
        {
            if (!stored.IsPinned && !stored.IsInUse && now - stored.LastUsed > limits.MaxAge)
                evicted.Add((stored.Snapshot, $"not used for {(now - stored.LastUsed).TotalDays:0.#} days (kv.max_age_days)"));
            else
                kept.Add(stored);
        }

        var count = kept.Count;
        var bytes = kept.Sum(s => s.Snapshot.Bytes);
        var free = limits.FreeBytes + evicted.Sum(e => e.Snapshot.Bytes);
        if (count <= limits.MaxCount && bytes <= limits.MaxBytes && free >= limits.MinFreeBytes)
            return evicted;
        var evictable = kept.Where(s => s is { IsPinned: false, IsInUse: false });
        foreach (var stored in evictable.OrderBy(s => value(s, now)).ThenBy(s => s.LastUsed))
        {
            var reason = count > limits.MaxCount ? "too many snapshots (kv.max_snapshots)"
                : bytes > limits.MaxBytes ? "snapshots take too much space (kv.max_bytes)"
                : free < limits.MinFreeBytes ? "too little free disk space (kv.min_free_bytes)"
                : null;
            if (reason is null)
                break;
            evicted.Add((stored.Snapshot, reason));
            count--;
            bytes -= stored.Snapshot.Bytes;
            free += stored.Snapshot.Bytes;
        }

        return evicted;
    }

    /// <summary>Tokens of prefill that only it saves, times the probability that they are requested again, per byte.</summary>
    public static double ValuePerByte(StoredSnapshot stored, DateTimeOffset now)
    {
        var minutes = Math.Max(0, (now - stored.LastUsed).TotalMinutes);
        var returns = stored.Snapshot.IsPreamble ? 1 : EvictionCost.ChanceOfReturn(Math.Max(1, stored.Snapshot.Turns));
        var requested = returns / (1 + (minutes / HalfValueMinutes));
        var tokens = stored.Snapshot.Tokens * (1 - (CoveredLoss * stored.Covered));
        return tokens * requested * (stored.FitsModel ? 1 : OtherModel) / Math.Max(1, stored.Snapshot.Bytes);
    }
}
