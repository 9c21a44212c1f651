using System.Diagnostics;
using Bioproxy.Doubles;
using Xunit.Abstractions;

namespace Bioproxy.IntegrationTests.Cluster;

/// <summary>Two proxies that cannot reach each other for half a minute, while both have clients.</summary>
public sealed class ClusterPartitionTests(ITestOutputHelper output)
{
    private static readonly TimeSpan Split = TimeSpan.FromSeconds(LongRun.IsOn ? 30 : 15);
    private static readonly TimeSpan HealLimit = TimeSpan.FromSeconds(90);

    /// <param name="losesRedis">One of them loses Redis, too.</param>
    [PartitionTheory]
    [InlineData(false)]
    [LongInlineData(true)]
    public async Task Proxies_AreSplit_NoAnswerIsWrongAndTheyMeetAgain(bool losesRedis)
    {
        await using var network = await SplitNetwork.CreateAsync(2);
        await using var group = await ProxyGroup.StartAsync(output, proxies: 2, servers: 1, parallel: 2, network: network);
        var reference = await ReferenceServer.OfAsync(TinyArchitecture.Llama, 1);
        var before = await AskAsync(reference, group.Proxies[0], number: 1, turns: 2);
        Assert.Equal(2, before);

        await network.CutAsync(0, [network.AddressOf(1), .. losesRedis ? new[] { network.Redis } : []]);
        await network.CutAsync(1, network.AddressOf(0));
        var watch = Stopwatch.StartNew();
        var sides = group.Proxies.Select(async (proxy, side) =>
        {
            var answered = 0;
            for (var number = 10; watch.Elapsed < Split; number++)
                answered += await AskAsync(reference, proxy, (side * 100) + number, turns: 2);
            return answered;
        }).ToList();
        var answered = await Task.WhenAll(sides);
        output.WriteLine($"answered {answered[0]} and {answered[1]} turns while they were split");
        Assert.All(answered, count => Assert.True(count > 2, "both sides served their clients"));

        await network.HealAsync(0, [network.AddressOf(1), .. losesRedis ? new[] { network.Redis } : []]);
        await network.HealAsync(1, network.AddressOf(0));
        watch.Restart();
        await Eventually.TrueAsync(
            async () =>
            {
                foreach (var proxy in group.Proxies)
                {
                    var report = await ProxyGroup.ReportAsync(proxy);
                    if ((string?)report["problem"] is not null || report["proxies"]!.AsArray().Count != 2)
                        return false;
                }

                return true;
            },
            HealLimit,
            "they meet again");
        output.WriteLine($"met again {watch.Elapsed.TotalSeconds:0.0} s after the network was whole");
        await group.OwnerOfAsync(group.Servers[0]);
        await group.WaitUntilNothingIsHeldAsync(HealLimit);
        Assert.Equal(2, await AskAsync(reference, group.Proxies[1], number: 500, turns: 2));
    }

    /// <summary>A conversation, whose answers have to be the reference server's.</summary>
    private static async Task<int> AskAsync(ReferenceServer reference, BioproxyRun proxy, int number, int turns)
    {
        var conversation = new Conversation(number, turns, firstWords: 150, words: 40);
        await conversation.LearnAsync(reference, isContinued: true);
        for (var turn = 0; turn < turns; turn++)
            conversation.AssertRight(turn, await proxy.SendAsync(conversation.Request(turn)));
        return turns;
    }
}
