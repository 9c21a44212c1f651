using System.Text.Json.Nodes;
using Bioproxy.Doubles;
using Xunit.Abstractions;

namespace Bioproxy.IntegrationTests.Cluster;

/// <summary>Servers move to the proxies that should schedule them while clients go on.</summary>
public sealed class ClusterHandoverTests(ITestOutputHelper output)
{
    /// <summary>A proxy with a newer configuration gets both servers. Once the other one has it, too, it gets its share. A conversation is
    /// restored after each move.</summary>
    [RedisFact]
    public async Task Servers_GoToTheNewestConfigurationAndSpread_ConversationsAreRestored()
    {
        await using var group = await ProxyGroup.StartAsync(
            output, proxies: 2, servers: 2, parallel: 1, change: configuration => configuration["cluster"]!["rebalance_seconds"] = 1);
        var chat = new List<(string Role, string Content)> { ("user", TemplateText.Words(seed: 1, length: 500)) };
        await WaitUntilOwnedAsync(group, 1, 1);
        var first = await SendAsync(group, chat);

        group.Change(1, WithAlias);
        await Eventually.TrueAsync(
            async () => (await ProxyGroup.ReportAsync(group.Proxies[0]))["problems"]!.ToJsonString().Contains(
                "different configurations", StringComparison.Ordinal),
            Tolerances.Soon,
            "the difference is said");
        await WaitUntilOwnedAsync(group, 0, 2);
        var second = await SendAgainAsync(group, chat, first);
        group.Change(0, WithAlias);
        await WaitUntilOwnedAsync(group, 1, 1);
        var third = await SendAgainAsync(group, chat, second);

        output.WriteLine($"{first}; {second}; {third}");
        await group.WaitUntilNothingIsHeldAsync();
    }

    private static void WithAlias(JsonObject configuration) => configuration["models"]!["coder"]!["aliases"] = new JsonArray("other");

    private static async Task<Answer> SendAsync(ProxyGroup group, List<(string Role, string Content)> chat)
    {
        var answer = await group.Next().SendAsync(ProxyGroup.Chat(4, [.. chat]));
        await group.WaitUntilNothingIsHeldAsync(); // while it is being saved, the other server may be the better place
        return answer;
    }

    private static async Task<Answer> SendAgainAsync(ProxyGroup group, List<(string Role, string Content)> chat, Answer before)
    {
        chat.AddRange([("assistant", before.Text), ("user", "And now?")]);
        var answer = await SendAsync(group, chat);
        Assert.InRange(answer.CachedTokens, before.PromptTokens - 8, answer.PromptTokens);
        return answer;
    }

    /// <summary>Waits until the proxies schedule so many servers, and have recognised their models: what comes before that is not saved,
    /// and the probe takes the only slot.</summary>
    private static Task WaitUntilOwnedAsync(ProxyGroup group, params int[] counts) => Eventually.TrueAsync(
        async () =>
        {
            var owned = new int[group.Proxies.Count];
            foreach (var report in (await ProxyGroup.ReportAsync(group.Proxies[0]))["proxies"]!.AsArray())
            {
                var (name, count) = ((string)report!["proxy"]!, report["owns"]!.AsArray().Count);
                if (count != ProxyGroup.StatusesIn(report["report"]!).Count(
                    status => (string?)status["owner"] == name && status["identity"] is not null))
                    return false;
                owned[group.NumberOf(name)] = count;
            }

            return owned.SequenceEqual(counts);
        },
        TimeSpan.FromSeconds(30),
        $"the proxies schedule {string.Join(" and ", counts)} servers");
}
