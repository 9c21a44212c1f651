using Bioproxy.Cluster.Messages;
using Bioproxy.Doubles;
using Xunit.Abstractions;

namespace Bioproxy.IntegrationTests.Cluster;

/// <summary>Redis goes and comes back.</summary>
[Collection(ClusterTests.Name)]
public sealed class RedisTests(ITestOutputHelper output)
{
    private static readonly TimeSpan _back = TimeSpan.FromSeconds(45);

    [RedisFact(isLong: true)]
    public async Task Redis_KilledAndRestarted_ProxiesGoOnAndFillIt()
    {
        await using var stage = new ClusterStage(output);
        await stage.Redis.StartAsync();
        var (owner, ownerHost) = await stage.StartAsync("s1");
        var (guest, guestHost) = await stage.StartAsync("s1");
        owner.Publish(ownerHost.Keep("snapshot/a", "before", TimeProvider.System.GetUtcNow()));
        await ClusterStage.WhenAsync(() => guestHost.TextOf("snapshot/a") == "before" && owner.CanSave && guest.CanSave, "all is well");

        await stage.Redis.KillAsync();
        await ClusterStage.WhenAsync(() => owner.Problem is not null && guest.Problem is not null, "both say so");
        Assert.StartsWith($"Redis at {stage.Redis.Address} cannot be reached since ", guest.Problem, StringComparison.Ordinal);
        output.WriteLine(guest.Problem!);
        Assert.False(guest.CanSave);
        var turn = ClusterStage.Turn(guest);
        Assert.NotNull((await guest.LinkTo("s1").TakeAsync(turn, CancellationToken.None).DefaultTimeout())?.Placement);
        guest.Publish(guestHost.Keep("snapshot/b", "meanwhile", TimeProvider.System.GetUtcNow()));
        await ClusterStage.WhenAsync(() => ownerHost.TextOf("snapshot/b") == "meanwhile", "the catalogue goes on in memory");

        // It has no data: the list of proxies and the catalogue come from the proxies.
        await stage.Redis.StartAsync();
        await Eventually.TrueAsync(() => owner is { Problem: null, CanSave: true } && guest is { Problem: null, CanSave: true }, _back,
            "both are well again");
        Assert.True(ownerHost.Owned["s1"].Held.ContainsKey(turn.Turn));
        guest.LinkTo("s1").End(turn.Turn, new TurnOutcome());
        var (third, thirdHost) = await stage.StartAsync("s1");
        await Eventually.TrueAsync(() => third.Problem is null, _back, "a new proxy joins");
        await ClusterStage.WhenAsync(
            () => thirdHost.TextOf("snapshot/a") == "before" && thirdHost.TextOf("snapshot/b") == "meanwhile", "it has the catalogue");
        await Eventually.TrueAsync(
            async () => (await third.ReportsAsync(withStatus: false, CancellationToken.None)).Count == 3, _back, "all three are in");
    }

    [RedisFact]
    public async Task Start_WithoutRedis_ReturnsAndJoinsLater()
    {
        await using var stage = new ClusterStage(output);
        var (node, host) = await stage.StartAsync("s1");
        Assert.StartsWith("Redis at ", node.Problem, StringComparison.Ordinal);
        Assert.False(node.CanSave);
        Assert.Null(await node.LinkTo("s1").TakeAsync(ClusterStage.Turn(node), CancellationToken.None).DefaultTimeout());
        Assert.Single(await node.ReportsAsync(withStatus: false, CancellationToken.None).DefaultTimeout());

        await stage.Redis.StartAsync();
        await Eventually.TrueAsync(() => node.Problem is null && host.Owned.ContainsKey("s1"), _back, "it joined");
    }
}
