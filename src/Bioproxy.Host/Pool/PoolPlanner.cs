using Bioproxy.Host.Configuration;

namespace Bioproxy.Host.Pool;

/// <summary>
/// Decides what a pool does next; a pure function of the entries and the time. Models are loaded in the order in which they were asked
/// for. The first one that there is no room for waits, and all behind it, so that none is overtaken for ever. Room is made by the models
/// that were not used for the longest time, among those that are idle and have been loaded for the minimum time; all that are needed, or
/// none. A load that has waited for the maximum time lets models drain.
/// </summary>
internal static class PoolPlanner
{
    public static PoolPlan Plan(IReadOnlyCollection<PoolEntry> entries, PoolOptions options, PoolRules rules, TimeSpan now)
    {
        var plan = new PoolPlan();
        plan.Abandoned.AddRange(entries.Where(entry => entry.State == PoolModelState.Loading && !entry.IsWanted));
        PlanUnloads(plan, entries, now);

        var room = new PoolRoom(options, entries.Where(entry => entry.IsResident));
        foreach (var entry in entries.Where(entry => entry.IsQueued).OrderBy(entry => entry.Order))
        {
            if (entry.RetryAt > now)
            {
                // It cannot be started yet, and must not hold up others.
                plan.PlanAgainAt(entry.RetryAt);
            }
            else if (room.Fits(entry))
            {
                plan.Starts.Add(entry);
                room.Take(entry);
            }
            else if (entry.Waiters.Count == 0)
            {
                // Nothing is stopped for a preload.
                plan.DroppedPreloads.Add(entry);
            }
            else
            {
                MakeRoom(plan, room, entry, entries, (options, rules, now));
                break;
            }
        }

        return plan;
    }

    /// <summary>The models that would have to go for this one, if they were idle and had been loaded for long enough.</summary>
    public static IReadOnlyList<PoolEntry> VictimsOf(PoolEntry wanted, IReadOnlyCollection<PoolEntry> entries, PoolOptions options)
    {
        var room = new PoolRoom(options, entries.Where(entry => entry.IsResident && entry != wanted));
        return room.Fits(wanted) ? [] : Needed(room, wanted, InOrder(
            entries.Where(entry => entry.State == PoolModelState.Ready && entry != wanted))) ?? [];
    }

    private static void PlanUnloads(PoolPlan plan, IReadOnlyCollection<PoolEntry> entries, TimeSpan now)
    {
        foreach (var entry in entries.Where(entry => entry.IsIdle))
        {
            if (entry.Unloaders.Count > 0)
            {
                plan.Retirements.Add(entry);
            }
            else if (entry.Options.IdleUnload > TimeSpan.Zero && entry.Waiters.Count == 0)
            {
                var due = entry.LastUsed + entry.Options.IdleUnload;
                if (due <= now)
                    plan.Retirements.Add(entry);
                else
                    plan.PlanAgainAt(due);
            }
        }
    }

    private static void MakeRoom(
        PoolPlan plan,
        PoolRoom room,
        PoolEntry wanted,
        IReadOnlyCollection<PoolEntry> entries,
        (PoolOptions Options, PoolRules Rules, TimeSpan Now) at)
    {
        // What is being stopped already makes room by itself.
        foreach (var entry in entries.Where(entry => entry.State == PoolModelState.Stopping || entry.IsClaimed))
            room.Give(entry);
        foreach (var entry in plan.Retirements.Concat(plan.Abandoned))
            room.Give(entry);
        if (room.Fits(wanted))
            return;

        var loaded = InOrder(
            entries.Where(entry => entry.State == PoolModelState.Ready && !entry.IsClaimed && !plan.Retirements.Contains(entry))).ToList();
        var victims = Needed(room, wanted, loaded.Where(entry => entry.IsIdle && IsOldEnough(entry, at.Options, at.Now)));
        if (victims is not null)
        {
            plan.Retirements.AddRange(victims);
            return;
        }

        foreach (var young in loaded.Where(entry => entry.IsIdle && !IsOldEnough(entry, at.Options, at.Now)))
            plan.PlanAgainAt(young.ReadySince + at.Options.MinLoaded);
        var patienceEnds = wanted.WantedSince + at.Rules.MaxWait;
        if (patienceEnds > at.Now)
        {
            plan.PlanAgainAt(patienceEnds);
            return;
        }

        foreach (var entry in Needed(room, wanted, loaded) ?? [])
        {
            plan.Draining.Add(entry);
            if (entry.IsIdle && IsOldEnough(entry, at.Options, at.Now))
                plan.Retirements.Add(entry);
        }
    }

    /// <summary>A model that drains already goes before others: draining has its price only once.</summary>
    private static IEnumerable<PoolEntry> InOrder(IEnumerable<PoolEntry> loaded) =>
        loaded.OrderByDescending(entry => entry.IsDraining).ThenBy(entry => entry.LastUsed);

    private static bool IsOldEnough(PoolEntry entry, PoolOptions options, TimeSpan now) => entry.ReadySince + options.MinLoaded <= now;

    /// <summary>The first of the candidates that together make room; null when all of them do not.</summary>
    private static List<PoolEntry>? Needed(PoolRoom room, PoolEntry wanted, IEnumerable<PoolEntry> candidates)
    {
        var after = room.Copy();
        var needed = new List<PoolEntry>();
        foreach (var candidate in candidates)
        {
            needed.Add(candidate);
            after.Give(candidate);
            if (after.Fits(wanted))
                return needed;
        }

        return null;
    }
}
