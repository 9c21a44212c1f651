using Bioproxy.Doubles;
using Xunit.Abstractions;

namespace Bioproxy.IntegrationTests.Cluster;

/// <summary>Three proxies, Redis and real servers: clients go round the proxies, and must not notice that there are several.</summary>
public sealed class ClusterTrafficTests(ITestOutputHelper output)
{
    private static readonly int Requests = LongRun.IsOn ? 9 : 6;
    private static readonly int Turns = LongRun.IsOn ? 4 : 3;

    [RedisTheory]
    [InlineData("Llama")]
    [LongInlineData("Mamba")]
    public async Task Conversations_EachTurnThroughAnotherProxy_ComputeWhatIsNew(string architecture)
    {
        var kind = Enum.Parse<TinyArchitecture>(architecture);
        await using var group = await ProxyGroup.StartAsync(output, proxies: 3, servers: 4, model: kind);
        var reference = await ReferenceServer.OfAsync(kind, 1);
        var conversations = Enumerable.Range(1, LongRun.IsOn ? 6 : 4).Select(number => new Conversation(number, Turns)).ToList();
        foreach (var conversation in conversations)
            await conversation.LearnAsync(reference, isContinued: true);

        var (computed, unavoidable) = (0, 0);
        for (var turn = 0; turn < Turns; turn++)
        {
            foreach (var conversation in conversations)
            {
                var proxy = group.Next();
                var answer = await proxy.SendAsync(conversation.Request(turn));
                output.WriteLine($"{conversation.Number}.{turn}: {answer}");
                conversation.AssertRight(turn, answer);
                computed += answer.PromptTokens - answer.CachedTokens;
                unavoidable += conversation.NewTokens(turn);
            }
        }

        output.WriteLine($"computed {computed} of {unavoidable} unavoidable tokens: {computed / (double)unavoidable:0.000}");
        Assert.InRange(computed / (double)unavoidable, 0, 1.1);
        await group.WaitUntilNothingIsHeldAsync();
    }

    [RedisFact]
    public async Task Requests_ThroughAllProxies_AreServedInTheirOrderOneASlot()
    {
        await using var group = await ProxyGroup.StartAsync(output, proxies: 3, servers: 1, parallel: 1);
        var order = new List<int>();
        var answers = new List<Task>();
        using (await ProxyGroup.StreamAsync(group.Next())) // until all wait
        {
            for (var i = 0; i < Requests; i++)
                await AskAsync(i);
        }

        await Task.WhenAll(answers).DefaultTimeout();

        Assert.Equal(Enumerable.Range(0, Requests), order);
        await group.WaitUntilNothingIsHeldAsync();

        async Task AskAsync(int number)
        {
            var proxy = group.Next();
            answers.Add(Task.Run(async () =>
            {
                var chat = ChatProbe.Chat(("user", TemplateText.Words(seed: number, length: 60)));
                (chat["max_tokens"], chat["ignore_eos"]) = (16, true);
                await proxy.SendAsync(chat);
                lock (order)
                    order.Add(number);
            }));
            await Eventually.TrueAsync(
                async () => await group.CountAsync() == (1, number + 1), Tolerances.Soon, $"{number + 1} requests wait for one");
        }
    }

    [RedisFact]
    public async Task Keys_OfDifferentClients_StayApartAcrossProxies()
    {
        await using var group = await ProxyGroup.StartAsync(output, proxies: 2, servers: 1, parallel: 2);
        var chat = ChatProbe.Chat(("user", TemplateText.Words(seed: 1, length: 500)));
        chat["max_tokens"] = 4;

        var first = await SendAsync(group.Proxies[0], "alice", chat);
        var again = await SendAsync(group.Proxies[1], "alice", chat);
        var other = await SendAsync(group.Proxies[1], "bob", chat);
        var back = await SendAsync(group.Proxies[0], "bob", chat);

        Assert.InRange(first.CachedTokens, 0, 8);
        Assert.InRange(again.CachedTokens, 400, int.MaxValue);
        Assert.InRange(other.CachedTokens, 0, 8);
        Assert.InRange(back.CachedTokens, 400, int.MaxValue);
    }

    private static Task<Answer> SendAsync(BioproxyRun proxy, string key, System.Text.Json.Nodes.JsonObject chat)
    {
        var request = TestProxy.Request(chat);
        request.Headers.Authorization = new("Bearer", key);
        return TestProxy.SendAsync(proxy.Client, request, CancellationToken.None);
    }
}
