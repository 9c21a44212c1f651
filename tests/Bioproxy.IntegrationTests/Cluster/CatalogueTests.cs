using Bioproxy.Cluster;
using Bioproxy.ClusterProcess;
using Bioproxy.Doubles;
using Xunit.Abstractions;

namespace Bioproxy.IntegrationTests.Cluster;

/// <summary>What a proxy writes is in all proxies, and survives them.</summary>
[Collection(ClusterTests.Name)]
public sealed class CatalogueTests(ITestOutputHelper output)
{
    private static readonly DateTimeOffset _now = TimeProvider.System.GetUtcNow();

    [RedisFact]
    public async Task Entry_Published_IsInAllProxies()
    {
        await using var stage = new ClusterStage(output);
        await stage.Redis.StartAsync();
        var (one, oneHost) = await stage.StartAsync("s1", host => host.Keep("pin/own", "1", _now));
        var (two, twoHost) = await stage.StartAsync("s1");

        await ClusterStage.WhenAsync(() => twoHost.TextOf("pin/own") == "1", "what the first had is in the second");
        Publish(two, twoHost, "snapshot/a", "first", _now);
        await ClusterStage.WhenAsync(() => oneHost.TextOf("snapshot/a") == "first", "what the second wrote is in the first");
        Publish(one, oneHost, "snapshot/a", value: null, _now.AddSeconds(1));
        await ClusterStage.WhenAsync(() => twoHost.TextOf("snapshot/a") == "removed", "what the first removed is removed in the second");
        await ClusterStage.WhenAsync(() => one.CanSave && two.CanSave, "both can save");
    }

    [RedisFact]
    public async Task Entry_OlderThanTheClusters_IsReplaced()
    {
        await using var stage = new ClusterStage(output);
        await stage.Redis.StartAsync();
        await stage.StartAsync("s1", host =>
        {
            host.Keep("snapshot/a", "newer", _now);
            host.Keep("snapshot/b", null, _now);
            host.Keep("snapshot/c", "older", _now.AddSeconds(-9));
        });
        var (_, late) = await stage.StartAsync("s1", host =>
        {
            host.Keep("snapshot/a", "older", _now.AddSeconds(-9));
            host.Keep("snapshot/b", "older", _now.AddSeconds(-9));
            host.Keep("snapshot/c", "newer", _now);
        });
        var (_, third) = await stage.StartAsync("s1");

        await ClusterStage.WhenAsync(() => late.TextOf("snapshot/a") == "newer" && late.TextOf("snapshot/b") == "removed", "newer wins");
        await ClusterStage.WhenAsync(() => third.TextOf("snapshot/c") == "newer", "what a late proxy brings wins where it is newer");
        Assert.Equal("newer", late.TextOf("snapshot/c"));
    }

    [RedisFact]
    public async Task Catalogue_AllProxiesStop_IsReadFromRedis()
    {
        await using var stage = new ClusterStage(output);
        await stage.Redis.StartAsync();
        var (first, host) = await stage.StartAsync("s1");
        Publish(first, host, "record/f", "kept", _now);
        await ClusterStage.WhenAsync(() => first.CanSave, "it could be written");
        await first.StopAsync().DefaultTimeout();

        var (_, second) = await stage.StartAsync("s1");
        await ClusterStage.WhenAsync(() => second.TextOf("record/f") == "kept", "Redis had it");
    }

    private static void Publish(ClusterNode node, FakeClusterHost host, string key, string? value, DateTimeOffset at) =>
        node.Publish(host.Keep(key, value, at));
}
