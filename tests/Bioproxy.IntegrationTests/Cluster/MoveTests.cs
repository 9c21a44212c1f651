using System.Diagnostics;
using Bioproxy.Cluster.Messages;
using Bioproxy.Doubles;
using Xunit.Abstractions;

namespace Bioproxy.IntegrationTests.Cluster;

/// <summary>A server gets another owner, a proxy dies, a proxy comes back.</summary>
[Collection(ClusterTests.Name)]
public sealed class MoveTests(ITestOutputHelper output)
{
    private static readonly TimeSpan _limit = TimeSpan.FromSeconds(15);

    [RedisFact]
    public async Task Owner_Stops_AnotherOwnsAndAdopts()
    {
        await using var stage = new ClusterStage(output);
        await stage.Redis.StartAsync();
        var (owner, _) = await stage.StartAsync("s1");
        var (guest, host) = await stage.StartAsync("s1");
        var link = guest.LinkTo("s1");
        var (held, waiting) = (ClusterStage.Turn(guest), ClusterStage.Turn(guest));
        await link.TakeAsync(held, CancellationToken.None).DefaultTimeout();
        var next = link.TakeAsync(waiting, CancellationToken.None);
        await stage.Events.WhenWrittenAsync($"{owner.Name} asked for s1 {waiting.Turn}").DefaultTimeout();

        var watch = Stopwatch.StartNew();
        await owner.StopAsync().DefaultTimeout();
        output.WriteLine($"stopped after {watch.Elapsed}");
        await stage.Events.WhenWrittenAsync($"{guest.Name} adopted {held.Turn}").DefaultTimeout();
        output.WriteLine($"the turn was adopted after {watch.Elapsed}");
        await stage.Events.WhenWrittenAsync($"{guest.Name} asked for s1 {waiting.Turn}").DefaultTimeout();
        Assert.False(next.IsCompleted);
        link.End(held.Turn, new TurnOutcome { IsComplete = true });
        Assert.NotNull((await next.DefaultTimeout())?.Placement);
        Assert.Equal(waiting.Turn, Assert.Single(host.Owned["s1"].Held).Key);
        Assert.Null(guest.Problem);
    }

    [RedisFact]
    public async Task Owner_HandsOver_TheOtherOwnsAndAdopts()
    {
        await using var stage = new ClusterStage(output);
        await stage.Redis.StartAsync();
        var (owner, ownersHost) = await stage.StartAsync("s1");
        var (guest, host) = await stage.StartAsync("s1");
        var (held, next) = (ClusterStage.Turn(guest), ClusterStage.Turn(owner));
        await guest.LinkTo("s1").TakeAsync(held, CancellationToken.None).DefaultTimeout();
        Assert.False(owner.HandOver("s1", "127.0.0.1:1"));
        Assert.False(guest.HandOver("s1", owner.Name));

        Assert.True(owner.HandOver("s1", guest.Name));
        await stage.Events.WhenWrittenAsync($"{guest.Name} adopted {held.Turn}").DefaultTimeout();
        Assert.Empty(ownersHost.Owned);
        var waiting = owner.LinkTo("s1").TakeAsync(next, CancellationToken.None);
        await stage.Events.WhenWrittenAsync($"{guest.Name} asked for s1 {next.Turn}").DefaultTimeout();
        guest.LinkTo("s1").End(held.Turn, new TurnOutcome());

        Assert.NotNull((await waiting.DefaultTimeout())?.Placement);
        Assert.Equal(next.Turn, Assert.Single(host.Owned["s1"].Held).Key);
        Assert.Equal(guest.Name, owner.LinkTo("s1").Owner);
    }

    [RedisFact]
    public async Task Guest_Killed_ItsTurnsAreLost()
    {
        await using var stage = new ClusterStage(output);
        await stage.Redis.StartAsync();
        var (_, host) = await stage.StartAsync("s1");
        var (guest, name) = await stage.StartProcessAsync("s1", take: "s1");
        Assert.Equal(name, Assert.Single(host.Owned["s1"].Held).Value);

        var watch = Stopwatch.StartNew();
        await guest.KillAsync();
        await stage.Events.WhenWrittenAsync($"lost {name} at s1").WaitAsync(_limit);
        output.WriteLine($"From SIGKILL to Lost: {watch.Elapsed.TotalSeconds:F1} s");
        Assert.Empty(host.Owned["s1"].Held);
    }

    [RedisFact(isLong: true)]
    public async Task Owner_Killed_AnotherOwnsAndAdopts()
    {
        await using var stage = new ClusterStage(output);
        await stage.Redis.StartAsync();
        var (owner, ownerName) = await stage.StartProcessAsync("s1");
        var (guest, _) = await stage.StartAsync("s1");
        var (other, _) = await stage.StartAsync("s1");
        Assert.Equal(ownerName, guest.LinkTo("s1").Owner);
        var (held, waiting) = (ClusterStage.Turn(guest), ClusterStage.Turn(other));
        await guest.LinkTo("s1").TakeAsync(held, CancellationToken.None).DefaultTimeout();
        var next = other.LinkTo("s1").TakeAsync(waiting, CancellationToken.None);
        await owner.Log.WhenWrittenAsync($"asked for s1 {waiting.Turn}").DefaultTimeout();

        var watch = Stopwatch.StartNew();
        await owner.KillAsync();
        await stage.Events.WhenWrittenAsync("owns s1").WaitAsync(_limit);
        output.WriteLine($"From SIGKILL to another owner: {watch.Elapsed.TotalSeconds:F1} s");
        await stage.Events.WhenWrittenAsync($"adopted {held.Turn} of {guest.Name}").WaitAsync(_limit);
        guest.LinkTo("s1").End(held.Turn, new TurnOutcome());
        Assert.NotNull((await next.DefaultTimeout())?.Placement);
        output.WriteLine($"From SIGKILL to the turn that waited: {watch.Elapsed.TotalSeconds:F1} s");
    }

    [RedisFact]
    public async Task Proxy_SleepsUntilItIsDeclaredDead_JoinsAgain()
    {
        await using var stage = new ClusterStage(output);
        await stage.Redis.StartAsync();
        var (sleeper, name) = await stage.StartProcessAsync("s1");
        var (node, host) = await stage.StartAsync("s1");
        Assert.Equal(name, node.LinkTo("s1").Owner);

        Signals.StopProcess(sleeper.Id);
        await stage.Events.WhenWrittenAsync($"{node.Name} owns s1").WaitAsync(TimeSpan.FromSeconds(30));
        using (var wake = Process.Start("kill", ["-CONT", $"{sleeper.Id}"])) await wake.WaitForExitAsync().DefaultTimeout();
        await sleeper.Log.WhenWrittenAsync($"{name} released s1").DefaultTimeout();
        await Eventually.TrueAsync(
            async () => (await node.ReportsAsync(withStatus: false, CancellationToken.None)).Count == 2, TimeSpan.FromSeconds(40),
            "it is in the cluster again");
        Assert.False(sleeper.HasExited);
        Assert.True(host.Owned.ContainsKey("s1"));
    }
}
