using System.Text.Json.Nodes;
using Bioproxy.Doubles;
using Xunit.Abstractions;

namespace Bioproxy.IntegrationTests.Cluster;

/// <summary>What one proxy promises its clients holds when they go round three: fair turns, lanes, conversations that side requests leave
/// alone, and models that make room for each other.</summary>
public sealed class ClusterSharingTests(ITestOutputHelper output)
{
    private const int Titles = 12;

    [RedisFact]
    public async Task Requests_OfClientsAndLanes_TakeTurnsAsAtOneProxy()
    {
        await using var group = await ProxyGroup.StartAsync(
            output, proxies: 3, servers: 1, parallel: 1,
            change: configuration => configuration["lanes"] = new JsonObject { ["batch_api_keys"] = new JsonArray("batch") });
        var order = new List<string>();
        var answers = new List<Task>();
        async Task AskAsync(string key, int number)
        {
            var proxy = group.Next();
            answers.Add(Task.Run(async () =>
            {
                var chat = ChatProbe.Chat(("user", TemplateText.Words(seed: answers.Count, length: 60)));
                (chat["max_tokens"], chat["ignore_eos"]) = (16, true);
                var request = TestProxy.Request(chat);
                request.Headers.Authorization = new("Bearer", key);
                await TestProxy.SendAsync(proxy.Client, request, CancellationToken.None);
                lock (order)
                    order.Add($"{key} {number}");
            }));
            var asked = answers.Count;
            await Eventually.TrueAsync(
                async () => await group.CountAsync() == (1, asked), Tolerances.Soon, $"{asked} requests wait for one");
        }

        using (await ProxyGroup.StreamAsync(group.Next(), key: "greedy")) // until all wait
        {
            await AskAsync("batch", 1);
            for (var i = 1; i <= 4; i++)
                await AskAsync("greedy", i);
            await AskAsync("modest", 1);
        }

        await Task.WhenAll(answers).DefaultTimeout();

        output.WriteLine(string.Join(", ", order));
        Assert.InRange(order.IndexOf("modest 1"), 0, 1); // the greedy client's four do not all go first
        Assert.Equal(
            ["greedy 1", "greedy 2", "greedy 3", "greedy 4"],
            order.Where(static name => name.StartsWith("greedy", StringComparison.Ordinal)));
        Assert.Equal("batch 1", order[^1]);
        await group.WaitUntilNothingIsHeldAsync();
    }

    /// <summary>Titles come through all proxies; the conversation stays in its slot, or is restored.</summary>
    [RedisFact(isLong: true)]
    public async Task LongConversation_TitlesThroughAllProxies_IsHotOrRestored()
    {
        await using var group = await ProxyGroup.StartAsync(output, proxies: 3, servers: 1, parallel: 4);
        var question = TemplateText.Words(seed: 1, length: 2500);
        var one = await group.Next().SendAsync(ProxyGroup.Chat(4, ("user", question)));
        for (var i = 0; i < Titles; i++)
            await group.Next().SendAsync(SideRequestTests.Title(i, history: ""));

        var two = await group.Next().SendAsync(ProxyGroup.Chat(4, ("user", question), ("assistant", one.Text), ("user", "And now?")));

        output.WriteLine($"{one}; {two}");
        Assert.True(two.Cache is "hot" or "restored", $"{two}");
        Assert.InRange(two.CachedTokens, one.PromptTokens - 8, two.PromptTokens);
    }

    /// <param name="kind">What swaps the models: both have one owner, as they take each other's room.</param>
    [RedisTheory(isLong: true)]
    [InlineData("router")]
    [InlineData("llama-swap")]
    public async Task Conversations_OfTwoModelsByTurns_AreHardlyComputedTwice(string kind)
    {
        await using var folder = new Workspace(output);
        await using var swapped = await SwapServer.StartAsync(kind, folder);
        var conversations = await ModelConversations.LearnAsync(TwoModels.Names.Select(static name => (name, SwapServer.SeedOf(name))));
        await using var group = await ProxyGroup.StartAsync(output, proxies: 3, servers: 0, change: configuration =>
        {
            configuration["backends"] = new JsonObject
            {
                ["swap"] = new JsonObject
                {
                    ["url"] = swapped.Address.OriginalString,
                    ["slot_directory"] = folder.Slots,
                    ["kind"] = kind == "router" ? "auto" : "llama-swap",
                },
            };
            configuration.Remove("models");
        });

        await conversations.AssertHardlyComputedTwiceAsync(body => group.Next().SendAsync(body), output);
        await group.WaitUntilNothingIsHeldAsync();
    }
}
