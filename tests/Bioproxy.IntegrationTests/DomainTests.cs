using Bioproxy.Doubles;
using Bioproxy.Host.Configuration;
using Xunit.Abstractions;

namespace Bioproxy.IntegrationTests;

/// <summary>Two API keys with the same long conversation: neither gets the other's snapshot. Templates are shared by all.</summary>
public sealed class DomainTests(ITestOutputHelper output, LearnedConversations conversations) : IClassFixture<LearnedConversations>
{
    private const int TemplateTokens = 1024;
    private readonly Conversation _one = conversations.One;

    /// <param name="header">The header that separates the callers.</param>
    /// <param name="isFirst">Whether the caller who has no snapshot asks before the one who has.</param>
    [Theory]
    [InlineData("Authorization", true)]
    [LongInlineData("Authorization", false)]
    [InlineData("X-Api-Key", true)]
    [LongInlineData("X-Team", true)]
    [InlineData("X-Team", false)]
    public async Task NextTurn_SameTextOfAnotherDomain_IsComputedForItself(string header, bool isFirst)
    {
        await using var workspace = new Workspace(output);
        workspace.UseModel();
        workspace.AddTemplate("@code", TemplateText.Of(1, TemplateTokens));
        var server = await workspace.StartServerAsync(workspace.ServerOptions(parallel: 4) with { CacheRamMiB = 0 });
        await using var proxy = await workspace.StartProxyAsync(server, o => o with
        {
            KvSave = SaveMode.Always,
            KvMinTokens = 128,
            KvIdleSave = TimeSpan.FromMilliseconds(100),
            KvMinFreeBytes = 0,
            KvDirectory = workspace.Slots,
            KvDomainHeader = "X-Team",
        });
        await proxy.WaitUntilWarmAsync("@code");
        _one.AssertRight(0, await AskAsync(proxy, header, "first", 0));
        await proxy.WaitUntilSavedAsync(1);
        var instance = proxy.Instance;
        await workspace.RestartAsync(server);
        await proxy.WaitUntilRecognisedAsync(after: instance);

        foreach (var (who, expected) in isFirst ? new[] { ("second", "cold"), ("first", "restored") } : [("first", "restored"), (
            "second", "cold")])
        {
            var answer = await AskAsync(proxy, header, who, 1);
            _one.AssertRight(1, answer);
            Assert.True(expected == answer.Cache, $"{who}: {answer}");
            Assert.InRange(answer.CachedTokens, expected == "cold" ? 0 : _one.Expected[0].PromptTokens, expected == "cold" ? 16
                : _one.Expected[1].PromptTokens);
        }

        var nobody = await AskAsync(proxy, "X-Nothing", "nobody", 1);
        _one.AssertRight(1, nobody);
        Assert.Equal("cold", nobody.Cache);

        // Each has its own snapshot from now on.
        await Eventually.TrueAsync(() => proxy.App.Snapshots.All.Where(s => s.IsConversation).Select(s => s.Domain).Distinct().Count() == 3,
            Tolerances.Soon, "all three are saved");
        await Eventually.TrueAsync(
            () => proxy.App.Snapshots.All.Count(s => s.IsConversation) == 3, Tolerances.Soon, "the older one is removed");
        var template = await TestProxy.SendAsync(proxy.Client,
            With(header, "second", ChatProbe.FirstTokenBody(ChatProbe.Chat(("user", "@code What now?")))), CancellationToken.None);
        Assert.InRange(template.CachedTokens, TemplateTokens, template.PromptTokens);
    }

    private Task<Answer> AskAsync(TestProxy proxy, string header, string who, int turn) =>
        TestProxy.SendAsync(proxy.Client, With(header, who, _one.Request(turn)), CancellationToken.None);

    private static HttpRequestMessage With(string header, string who, System.Text.Json.Nodes.JsonObject chat)
    {
        var request = TestProxy.Request(chat);
        request.Headers.Add(header, header == "Authorization" ? $"Bearer sk-{who}" : who);
        return request;
    }
}
