using Bioproxy.Cluster.Messages;
using Bioproxy.Doubles;
using Xunit.Abstractions;

namespace Bioproxy.IntegrationTests.Cluster;

/// <summary>Who schedules a server, and what the others ask of it.</summary>
[Collection(ClusterTests.Name)]
public sealed class OwnerTests(ITestOutputHelper output)
{
    [RedisFact]
    public async Task Servers_ThreeProxies_HaveOneOwnerEach()
    {
        await using var stage = new ClusterStage(output);
        await stage.Redis.StartAsync();
        var started = await Task.WhenAll(stage.StartAsync("s1,s2,s3"), stage.StartAsync("s1,s2,s3"), stage.StartAsync("s1,s2,s3,s4"));

        await ClusterStage.WhenAsync(
            () => started.All(one => new[] { "s1", "s2", "s3" }.All(server => one.Node.LinkTo(server).Owner is not null)),
            "every proxy knows every owner");
        foreach (var server in new[] { "s1", "s2", "s3" })
        {
            var owner = Assert.Single(started, one => one.Host.Owned.ContainsKey(server));
            Assert.All(started, one => Assert.Equal(owner.Node.Name, one.Node.LinkTo(server).Owner));
        }

        Assert.True(started[2].Host.Owned.ContainsKey("s4"));
        Assert.All(started, one => Assert.Null(one.Node.Problem));
    }

    [RedisFact(isLong: true)]
    public async Task Servers_ProxiesInTurn_AreSharedEvenly()
    {
        await using var stage = new ClusterStage(output);
        await stage.Redis.StartAsync();
        var (_, first) = await stage.StartAsync("s0");
        var (second, secondHost) = await stage.StartAsync("s1,s2,s3");
        var (_, third) = await stage.StartAsync("s1,s2,s3,s4,s5");

        await ClusterStage.WhenAsync(() => secondHost.Owned.Count + third.Owned.Count == 5, "all are owned");
        Assert.Single(first.Owned);
        Assert.Equal(3, secondHost.Owned.Count);
        Assert.Equal(second.Name, second.LinkTo("s1").Owner);
    }

    [RedisFact]
    public async Task Turn_OfGuest_IsTakenStartedAndEndedAtOwner()
    {
        await using var stage = new ClusterStage(output);
        await stage.Redis.StartAsync();
        var (_, ownerHost) = await stage.StartAsync("s1");
        var (guest, _) = await stage.StartAsync("s1");
        var turn = ClusterStage.Turn(guest);
        var link = guest.LinkTo("s1");

        var answer = await link.TakeAsync(turn, CancellationToken.None).DefaultTimeout();
        Assert.Equal(0, answer?.Placement?.Pin);
        Assert.Equal(guest.Name, ownerHost.Owned["s1"].Held[turn.Turn]);
        link.Started(turn.Turn);
        await stage.Events.WhenWrittenAsync($"heard the start of {turn.Turn}").DefaultTimeout();
        await Eventually.TrueAsync( // an owner that answers late is not waited for
            async () => await link.EstimateAsync(new EstimateRequest(), CancellationToken.None) is { Busy: 1 },
            Tolerances.Soon,
            "the owner estimates with the turn that it has granted");
        link.End(turn.Turn, new TurnOutcome { IsComplete = true });
        await stage.Events.WhenWrittenAsync($"ended {turn.Turn} complete").DefaultTimeout();
        Assert.Empty(ownerHost.Owned["s1"].Held);
    }

    [RedisFact]
    public async Task Turn_OfSecondGuest_WaitsForFirst()
    {
        await using var stage = new ClusterStage(output);
        await stage.Redis.StartAsync();
        var (_, owner) = await stage.StartAsync("s1");
        var (one, _) = await stage.StartAsync("s1");
        var (two, _) = await stage.StartAsync("s1");
        var (first, second) = (ClusterStage.Turn(one), ClusterStage.Turn(two));

        await one.LinkTo("s1").TakeAsync(first, CancellationToken.None).DefaultTimeout();
        var waiting = two.LinkTo("s1").TakeAsync(second, CancellationToken.None);
        await ClusterStage.WhenAsync(() => owner.Owned["s1"].Waiting == 1, "the second waits");
        Assert.False(waiting.IsCompleted);
        one.LinkTo("s1").End(first.Turn, new TurnOutcome());
        Assert.NotNull((await waiting.DefaultTimeout())?.Placement);
    }

    [RedisFact]
    public async Task Turn_ClientLeavesWhileItWaits_LeavesNothing()
    {
        await using var stage = new ClusterStage(output);
        await stage.Redis.StartAsync();
        var (_, owner) = await stage.StartAsync("s1");
        var (guest, _) = await stage.StartAsync("s1");
        var link = guest.LinkTo("s1");
        var (first, second) = (ClusterStage.Turn(guest), ClusterStage.Turn(guest));
        await link.TakeAsync(first, CancellationToken.None).DefaultTimeout();

        using var client = new CancellationTokenSource();
        var waiting = link.TakeAsync(second, client.Token);
        await ClusterStage.WhenAsync(() => owner.Owned["s1"].Waiting == 1, "the second waits");
        await client.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting.DefaultTimeout());
        await ClusterStage.WhenAsync(() => owner.Owned["s1"].Waiting == 0, "the owner knows that it left");
        Assert.Equal(first.Turn, Assert.Single(owner.Owned["s1"].Held).Key);

        // A client that leaves at the very moment of the grant leaves nothing either.
        for (var round = 0; round < 20; round++)
        {
            link.End(first.Turn, new TurnOutcome());
            first = ClusterStage.Turn(guest);
            using var impatient = new CancellationTokenSource();
            var take = link.TakeAsync(first, impatient.Token);
            await Task.Yield();
            await impatient.CancelAsync();
            await ((Task)take).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (take.IsCompletedSuccessfully) link.End(first.Turn, new TurnOutcome());
        }

        await ClusterStage.WhenAsync(() => owner.Owned["s1"].Held.IsEmpty, "nothing is held");
    }

    [RedisFact(isLong: true)]
    public async Task Turn_AskedTwice_IsOneTurn()
    {
        await using var stage = new ClusterStage(output);
        await stage.Redis.StartAsync();
        var (_, owner) = await stage.StartAsync("s1");
        var (guest, _) = await stage.StartAsync("s1");
        var turn = ClusterStage.Turn(guest);

        var answers = await Task.WhenAll(
            guest.LinkTo("s1").TakeAsync(turn, CancellationToken.None), guest.LinkTo("s1").TakeAsync(turn, CancellationToken.None))
            .DefaultTimeout();
        Assert.All(answers, answer => Assert.NotNull(answer?.Placement));
        Assert.Single(owner.Owned["s1"].Held);
    }

    [RedisFact]
    public async Task Server_ProxyRefusesIt_GoesToAnother()
    {
        await using var stage = new ClusterStage(output);
        await stage.Redis.StartAsync();
        await stage.StartAsync("s1", host => host.Refuses["s1"] = true);
        var (guest, other) = await stage.StartAsync("s1");

        var answer = await guest.LinkTo("s1").TakeAsync(ClusterStage.Turn(guest), CancellationToken.None).DefaultTimeout();
        Assert.NotNull(answer?.Placement);
        Assert.True(other.Owned.ContainsKey("s1"));
    }

    [RedisFact]
    public async Task Reports_TwoProxies_HaveBoth()
    {
        await using var stage = new ClusterStage(output);
        await stage.Redis.StartAsync();
        var (first, _) = await stage.StartAsync("s1");
        var (second, _) = await stage.StartAsync("s1");

        var reports = await second.ReportsAsync(withStatus: true, CancellationToken.None).DefaultTimeout();
        Assert.Equal(new[] { first.Name, second.Name }.Order(), reports.Select(report => report.Proxy).Order());
        Assert.All(reports, report => Assert.Equal("{}"u8.ToArray(), report.Status));
    }

    [RedisFact]
    public async Task Proxies_WithTls_ReachEachOther()
    {
        var folder = Directory.CreateTempSubdirectory("bioproxy-tls-").FullName;
        TestCertificate.Write(folder, "bioproxy");
        await using var stage = new ClusterStage(output);
        await stage.Redis.StartAsync();
        Func<Bioproxy.Cluster.ClusterOptions, Bioproxy.Cluster.ClusterOptions> tls = options => options with
        {
            TlsCertificate = Path.Combine(folder, "server.pem"),
            TlsKey = Path.Combine(folder, "server.key"),
        };
        await stage.StartAsync("s1", change: tls);
        var (guest, _) = await stage.StartAsync("s1", change: tls);

        Assert.NotNull((await guest.LinkTo("s1").TakeAsync(ClusterStage.Turn(guest), CancellationToken.None).DefaultTimeout())?.Placement);
        Directory.Delete(folder, recursive: true);
    }
}
