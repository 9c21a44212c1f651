using System.Text;
using Bioproxy.Cluster;
using Bioproxy.Cluster.Messages;
using Bioproxy.Doubles;
using Xunit.Abstractions;

namespace Bioproxy.IntegrationTests.Cluster;

/// <summary>The admin listener of one proxy asks that of another.</summary>
[Collection(ClusterTests.Name)]
public sealed class AskTests(ITestOutputHelper output)
{
    private static readonly TimeSpan _limit = TimeSpan.FromSeconds(20);

    [RedisFact]
    public async Task Ask_OtherProxy_AnswersUntilItIsGone()
    {
        await using var stage = new ClusterStage(output);
        await stage.Redis.StartAsync();
        var (node, _) = await stage.StartAsync("s1");
        var (process, other) = await stage.StartProcessAsync("s1");
        await ClusterStage.WhenAsync(() => node.Proxies.Contains(other), "both are in the cluster");
        var large = new string('x', 1024 * 1024);

        Assert.Equal(large, await AskAsync(node, other, large));
        Assert.Equal("own", await AskAsync(node, node.Name, "own"));
        Assert.Null(await AskAsync(node, "127.0.0.1:1", "nobody"));
        Assert.Empty(node.Gone);

        await process.KillAsync();
        Assert.Null(await AskAsync(node, other, "gone"));
        await ClusterStage.WhenAsync(() => !node.Proxies.Contains(other), "its death is known");
        Assert.Equal([other], node.Gone);
        Assert.Equal([node.Name], node.Proxies);
    }

    private static async Task<string?> AskAsync(ClusterNode node, string proxy, string body)
    {
        var request = new AdminRequest
        {
            Proxy = node.Name,
            Method = "GET",
            Path = "/status",
            Body = Encoding.UTF8.GetBytes(body),
        };
        var reply = await node.AskAsync(proxy, request, _limit, CancellationToken.None).DefaultTimeout();
        return reply is null ? null : Encoding.UTF8.GetString(reply.Body);
    }
}
