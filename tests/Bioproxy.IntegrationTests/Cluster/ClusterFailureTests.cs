using System.Diagnostics;
using System.Text.Json.Nodes;
using Bioproxy.Doubles;
using Xunit.Abstractions;

namespace Bioproxy.IntegrationTests.Cluster;

/// <summary>Parts of a cluster die: clients lose what was under way with them, and nothing else.</summary>
public sealed class ClusterFailureTests(ITestOutputHelper output)
{
    private static readonly TimeSpan LeaseLimit = TimeSpan.FromSeconds(15);

    [RedisFact]
    public async Task Proxy_IsKilledWhileItStreams_ItsSlotIsFreeAgainAndTheConversationGoesOn()
    {
        await using var group = await ProxyGroup.StartAsync(output, proxies: 3, servers: 1, parallel: 1);
        var owner = await group.OwnerOfAsync(group.Servers[0]);
        var guest = group.Proxies[(owner + 1) % 3];
        var other = group.Proxies[(owner + 2) % 3];
        var question = TemplateText.Words(seed: 1, length: 500);
        var first = await guest.SendAsync(ProxyGroup.Chat(4, ("user", question)));
        using var streaming = await ProxyGroup.StreamAsync(guest);
        Assert.Equal(1, await UsedAsync(group.Proxies[owner]));

        await guest.KillAsync();
        var watch = Stopwatch.StartNew();
        var second = await other.SendAsync(ProxyGroup.Chat(4, ("user", question), ("assistant", first.Text), ("user", "And now?")));

        output.WriteLine($"served {watch.Elapsed.TotalSeconds:0.0} s after the kill: {second}");
        Assert.InRange(watch.Elapsed, TimeSpan.Zero, LeaseLimit + TimeSpan.FromSeconds(5));
        Assert.InRange(second.CachedTokens, first.PromptTokens - 8, second.PromptTokens);
        await group.WaitUntilNothingIsHeldAsync();
    }

    [RedisFact(isLong: true)]
    public async Task Owner_IsKilled_AnotherOneSchedulesAndRestores()
    {
        await using var group = await ProxyGroup.StartAsync(output, proxies: 3, servers: 1, parallel: 2);
        var owner = await group.OwnerOfAsync(group.Servers[0]);
        var other = group.Proxies[(owner + 1) % 3];
        var question = TemplateText.Words(seed: 1, length: 500);
        var first = await other.SendAsync(ProxyGroup.Chat(4, ("user", question)));
        await group.Proxies[owner].WaitUntilSavedAsync(1);

        await group.Proxies[owner].KillAsync();
        var watch = Stopwatch.StartNew();
        var second = await other.SendAsync(ProxyGroup.Chat(4, ("user", question), ("assistant", first.Text), ("user", "And now?")));

        output.WriteLine($"served {watch.Elapsed.TotalSeconds:0.0} s after the kill: {second}");
        Assert.InRange(watch.Elapsed, TimeSpan.Zero, LeaseLimit + TimeSpan.FromSeconds(5));
        Assert.InRange(second.CachedTokens, first.PromptTokens - 8, second.PromptTokens);
        Assert.NotEqual(owner, await group.OwnerOfAsync(group.Servers[0]));
        await group.WaitUntilNothingIsHeldAsync();
    }

    [RedisFact]
    public async Task Owner_IsKilledWhileOthersStream_TheirAnswersEndAndNoSlotIsUsedTwice()
    {
        await using var group = await ProxyGroup.StartAsync(output, proxies: 2, servers: 1, parallel: 1);
        var owner = await group.OwnerOfAsync(group.Servers[0]);
        var guest = group.Proxies[1 - owner];
        var story = Task.Run(() => guest.SendAsync(ProxyGroup.Chat(600, ("user", "tell me a long story"))));
        await Eventually.TrueAsync(async () => await UsedAsync(group.Proxies[owner]) == 1, Tolerances.Soon, "it is under way");

        await group.Proxies[owner].KillAsync();
        var next = guest.SendAsync(ProxyGroup.Chat(4, ("user", TemplateText.Words(seed: 3, length: 100))));
        var (told, answered) = (await story.DefaultTimeout(), await next.DefaultTimeout());

        Assert.True((int)told.Body["timings"]!["predicted_n"]! > 0);
        Assert.True(answered.PromptTokens > 0);
        await group.WaitUntilNothingIsHeldAsync();
    }

    [RedisFact]
    public async Task Redis_IsKilledAndComesBack_RequestsGoOnAndItIsSaid()
    {
        await using var group = await ProxyGroup.StartAsync(output, proxies: 2, servers: 1, parallel: 2);
        var question = TemplateText.Words(seed: 1, length: 500);
        var first = await group.Next().SendAsync(ProxyGroup.Chat(4, ("user", question)));

        await group.Redis.KillAsync();
        foreach (var proxy in group.Proxies)
            await Eventually.TrueAsync(async () => await ProblemAsync(proxy) is not null, LeaseLimit, "it says that Redis is gone");
        var messages = new[] { ("user", question), ("assistant", first.Text), ("user", "And now?") };
        var second = await group.Next().SendAsync(ProxyGroup.Chat(4, messages));
        Assert.InRange(second.CachedTokens, first.PromptTokens - 8, second.PromptTokens);
        var health = await group.Proxies[0].Admin.GetStringAsync(new Uri("/health", UriKind.Relative)).DefaultTimeout();
        Assert.Contains("Redis", health, StringComparison.Ordinal);

        await group.Redis.StartAsync();
        foreach (var proxy in group.Proxies)
            await Eventually.TrueAsync(async () => await ProblemAsync(proxy) is null, TimeSpan.FromSeconds(40), "they meet again");
        await group.WaitUntilAllAreRecognisedAsync(2);
    }

    [RedisFact]
    public async Task Owner_IsStopped_ReadinessFailsFirstAndTheNextTurnIsRestored()
    {
        await using var group = await ProxyGroup.StartAsync(
            output, proxies: 2, servers: 1, parallel: 1, change: configuration => configuration["cluster"]!["leave_seconds"] = 2);
        var owner = await group.OwnerOfAsync(group.Servers[0]);
        var (leaving, other) = (group.Proxies[owner], group.Proxies[1 - owner]);
        var question = TemplateText.Words(seed: 1, length: 500);
        var first = await other.SendAsync(ProxyGroup.Chat(4, ("user", question)));

        var stopping = leaving.StopAsync();
        await Eventually.TrueAsync(
            async () =>
            {
                using var ready = await leaving.Admin.GetAsync(new Uri("/health/ready", UriKind.Relative));
                return ready.StatusCode == System.Net.HttpStatusCode.ServiceUnavailable;
            },
            Tolerances.Soon,
            "it is not ready any more");
        var during = await leaving.SendAsync(ProxyGroup.Chat(4, ("user", TemplateText.Words(seed: 2, length: 50))));
        Assert.True(during.PromptTokens > 0);
        Assert.Equal(0, await stopping);
        var second = await other.SendAsync(ProxyGroup.Chat(4, ("user", question), ("assistant", first.Text), ("user", "And now?")));

        Assert.InRange(second.CachedTokens, first.PromptTokens - 8, second.PromptTokens);
        await group.WaitUntilNothingIsHeldAsync();
    }

    private static async Task<int> UsedAsync(BioproxyRun proxy) => (int)(await proxy.StatusAsync())["queue"]!["used"]!;

    private static async Task<string?> ProblemAsync(BioproxyRun proxy) => (string?)(await proxy.StatusAsync())["cluster"]!["problem"];
}
