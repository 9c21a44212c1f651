using System.Text.Json.Nodes;
using Bioproxy.Doubles;
using Xunit.Abstractions;

namespace Bioproxy.IntegrationTests.Cluster;

/// <summary>Servers move to the proxies that should schedule them while clients go on.</summary>
public sealed class ClusterHandoverTests(ITestOutputHelper output)
{
    /// <summary>The first proxy up owns both servers, and gives one to the second. Then the second gets a newer configuration, and both
    /// servers. A conversation is restored after each move.</summary>
    [RedisFact]
    public async Task Servers_SpreadAndThenGoToTheNewestConfiguration_ConversationsAreRestored()
    {
        await using var group = await ProxyGroup.StartAsync(
            output, proxies: 2, servers: 2, parallel: 1, change: configuration => configuration["cluster"]!["rebalance_seconds"] = 1);
        var chat = new List<(string Role, string Content)> { ("user", TemplateText.Words(seed: 1, length: 500)) };
        var first = await SendAsync(group, chat);
        await WaitUntilOwnedAsync(group, 1, 1);
        await SendAgainAsync(group, chat, first);

        group.Change(1, configuration => configuration["models"]!["coder"]!["aliases"] = new JsonArray("other"));
        await WaitUntilOwnedAsync(group, 0, 2);
        var third = await SendAgainAsync(group, chat, await SendAsync(group, chat));

        output.WriteLine($"{third}");
        var problems = (await ProxyGroup.ReportAsync(group.Proxies[0]))["problems"]!.ToJsonString();
        Assert.Contains("different configurations", problems, StringComparison.Ordinal);
        await group.WaitUntilNothingIsHeldAsync();
    }

    private static async Task<Answer> SendAsync(ProxyGroup group, List<(string Role, string Content)> chat)
    {
        var request = ChatProbe.Chat([.. chat]);
        (request["max_tokens"], request["temperature"]) = (4, 0);
        return await group.Next().SendAsync(request);
    }

    private static async Task<Answer> SendAgainAsync(ProxyGroup group, List<(string Role, string Content)> chat, Answer before)
    {
        chat.AddRange([("assistant", before.Text), ("user", "And now?")]);
        var answer = await SendAsync(group, chat);
        Assert.InRange(answer.CachedTokens, before.PromptTokens - 8, answer.PromptTokens);
        return answer;
    }

    private static Task WaitUntilOwnedAsync(ProxyGroup group, params int[] counts) => Eventually.TrueAsync(
        async () =>
        {
            var owned = new int[group.Proxies.Count];
            foreach (var report in (await ProxyGroup.ReportAsync(group.Proxies[0]))["proxies"]!.AsArray())
                owned[group.NumberOf((string)report!["proxy"]!)] = report["owns"]!.AsArray().Count;
            return owned.SequenceEqual(counts);
        },
        TimeSpan.FromSeconds(30),
        $"the proxies schedule {string.Join(" and ", counts)} servers");
}
