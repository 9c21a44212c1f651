using Bioproxy.Host.Models.Snapshots;
using Bioproxy.Host.Prompts;

namespace Bioproxy.UnitTests.Models.Snapshots;

public sealed class EvictionPolicyTests
{
    private static readonly DateTimeOffset Now = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly EvictionLimits NoLimits = new(TimeSpan.FromDays(10_000), int.MaxValue, long.MaxValue, 0, long.MaxValue / 2);

    [Fact]
    public void Choose_WithinTheLimits_NothingGoes() =>
        Assert.Empty(Choose([Stored("a"), Stored("b", days: 29)], new(TimeSpan.FromDays(30), 2, 2000, 500, 500)));

    [Fact]
    public void Choose_NotUsedForLong_Goes() =>
        Assert.Equal(
            ["old: not used for 30.5 days (kv.max_age_days)"],
            Choose([Stored("old", days: 30.5), Stored("new", days: 30)], NoLimits with { MaxAge = TimeSpan.FromDays(30) }));

    [Fact]
    public void Choose_TooMany_AsManyGo() =>
        Assert.Equal(
            ["older: too many snapshots (kv.max_snapshots)", "old: too many snapshots (kv.max_snapshots)"],
            Choose([Stored("new"), Stored("old", days: 1), Stored("older", days: 2)], NoLimits with { MaxCount = 1 }));

    [Fact]
    public void Choose_TooManyBytes_GoUntilTheyFit() =>
        Assert.Equal(
            ["older: snapshots take too much space (kv.max_bytes)", "old: snapshots take too much space (kv.max_bytes)"],
            Choose([Stored("new"), Stored("old", days: 1), Stored("older", days: 2)], NoLimits with { MaxBytes = 1999 }));

    [Fact]
    public void Choose_DiskIsFull_GoUntilEnoughIsFree() =>
        Assert.Equal(
            ["older: too little free disk space (kv.min_free_bytes)"],
            Choose(
                [Stored("new"), Stored("old", days: 1), Stored("older", days: 2)],
                NoLimits with { MinFreeBytes = 5000, FreeBytes = 4000 }));

    [Fact]
    public void Choose_TheOldMakeRoom_NothingElseHasToGo() =>
        Assert.Equal(
            ["old: not used for 40 days (kv.max_age_days)"],
            Choose([Stored("new"), Stored("old", days: 40)], new(TimeSpan.FromDays(30), 1, 1000, 5000, 4000)));

    [Fact]
    public void Choose_TheLeastWorthForItsBytes_GoesFirst()
    {
        StoredSnapshot[] all =
        [
            Stored("good", tokens: 4000),
            Stored("of another model", tokens: 4000, fits: false),
            Stored("first turn", tokens: 4000, turns: 1),
            Stored("large", tokens: 4000, bytes: 8000),
            Stored("rested for half an hour", tokens: 4000, days: 0.5 / 24),
            Stored("covered", tokens: 4000) with { Covered = 0.9 },
            Stored("short", tokens: 10),
        ];

        Assert.Equal(
            ["short", "of another model", "large", "covered", "rested for half an hour", "first turn", "good"],
            EvictionPolicy.Choose(all, NoLimits with { MaxCount = 0 }, Now).Select(g => g.Snapshot.File));
    }

    [Fact]
    public void Choose_PinnedOrInUse_NeverGoes()
    {
        StoredSnapshot[] all =
        [
            Stored("pinned", days: 400) with { IsPinned = true },
            Stored("in use", days: 400) with { IsInUse = true },
            Stored("new"),
        ];

        var limits = new EvictionLimits(TimeSpan.FromDays(30), 0, 0, long.MaxValue / 4, 0);
        Assert.Equal(["new"], EvictionPolicy.Choose(all, limits, Now).Select(g => g.Snapshot.File));
    }

    [Fact]
    public void Choose_UsedInTheFuture_IsAsGoodAsNow() =>
        Assert.Empty(Choose([Stored("a", days: -3)], NoLimits with { MaxAge = TimeSpan.FromDays(1) }));

    private static IEnumerable<string> Choose(StoredSnapshot[] all, EvictionLimits limits) =>
        EvictionPolicy.Choose(all, limits, Now).Select(g => $"{g.Snapshot.File}: {g.Reason}");

    private static StoredSnapshot Stored(
        string file, double days = 0, int tokens = 1000, long bytes = 1000, int turns = 2, bool fits = true) => new(
        new Snapshot(file, "", "model", tokens, "", bytes, Now, PromptChain.Of([])) { Turns = turns },
        Now - TimeSpan.FromDays(days),
        IsPinned: false,
        IsInUse: false,
        fits);
}
