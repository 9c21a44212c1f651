using Bioproxy.Host.Models.Slots;

namespace Bioproxy.Host.Models.Snapshots;

/// <summary>Decides which snapshots go. A pure function over what is known of them.</summary>
internal static class CleanUp
{
    /// <summary>A day without use halves what a snapshot is worth.</summary>
    private const double HalfLifeDays = 1;

    /// <summary>A state of a model that does not run now.</summary>
    private const double OtherModel = 0.1;

    /// <param name="snapshots">All there are.</param>
    /// <param name="limits">What they may take.</param>
    /// <param name="now">The time.</param>
    /// <returns>What goes and why, in the order in which it goes.</returns>
    public static IReadOnlyList<(Snapshot Snapshot, string Reason)> Choose(IReadOnlyList<StoredSnapshot> snapshots, in CleanUpLimits limits, DateTimeOffset now)
    {
        var gone = new List<(Snapshot, string)>();
        var kept = new List<StoredSnapshot>();
        foreach (var stored in snapshots)
        {
            if (!stored.IsPinned && !stored.IsInUse && now - stored.LastUsed > limits.MaxAge)
                gone.Add((stored.Snapshot, $"nobody used it for {(now - stored.LastUsed).TotalDays:0.#} days (kv.max_age_days)"));
            else
                kept.Add(stored);
        }

        var count = kept.Count;
        var bytes = kept.Sum(s => s.Snapshot.Bytes);
        var free = limits.FreeBytes + gone.Sum(g => g.Item1.Bytes);
        foreach (var stored in kept.Where(s => s is { IsPinned: false, IsInUse: false }).OrderBy(s => ValuePerByte(s, now)))
        {
            var reason = count > limits.MaxCount ? "there are too many (kv.max_snapshots)"
                : bytes > limits.MaxBytes ? "they take too much (kv.max_bytes)"
                : free < limits.MinFreeBytes ? "the disk is too full (kv.min_free_bytes)"
                : null;
            if (reason is null)
                break;
            gone.Add((stored.Snapshot, reason));
            count--;
            bytes -= stored.Snapshot.Bytes;
            free += stored.Snapshot.Bytes;
        }

        return gone;
    }

    /// <summary>Tokens that need not be computed, times the chance that somebody asks for them, a byte.</summary>
    private static double ValuePerByte(StoredSnapshot stored, DateTimeOffset now)
    {
        var days = Math.Max(0, (now - stored.LastUsed).TotalDays);
        var chance = EvictionCost.ChanceOfReturn(Math.Max(1, stored.Snapshot.Turns)) * Math.Pow(0.5, days / HalfLifeDays) * (stored.FitsModel ? 1 : OtherModel);
        return stored.Snapshot.Tokens * chance / Math.Max(1, stored.Snapshot.Bytes);
    }
}
