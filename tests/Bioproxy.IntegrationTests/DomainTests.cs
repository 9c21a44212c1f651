using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
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

    /// <summary>There the server lets no request say what may be reused. What it computes for a key, and what the answer tells of it, is
    /// the same whether or not another key asked the same before; from what the key itself computed it continues.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(256)]
    public async Task Messages_SamePromptOfAnotherKey_IsComputedForItself(int ramCache)
    {
        const int PromptTokens = 900;
        await using var workspace = new Workspace(output);
        workspace.UseModel(size: TinySize.Tiny);
        var server = await workspace.StartServerAsync(
            workspace.ServerOptions(parallel: 2) with { CacheRamMiB = ramCache, ExtraArguments = ["--metrics"] });
        await using var proxy = await workspace.StartProxyAsync(server, o => o with { KvSave = SaveMode.Never, PreamblesEnabled = false });
        await proxy.WaitUntilRecognisedAsync();
        var text = TemplateText.Of(5, PromptTokens);
        await MessageAsync(proxy, "first", text + "One?");
        await MessageAsync(proxy, "second", TemplateText.Of(6, PromptTokens)); // from now on there are two keys

        var foreign = await CostAsync(() => MessageAsync(proxy, "second", text + "One?"));
        var alone = await CostAsync(() => MessageAsync(proxy, "third", TemplateText.Of(7, PromptTokens) + "One?"));
        var own = await CostAsync(() => MessageAsync(proxy, "second", text + "One?" + TemplateText.Of(8, 100)));

        output.WriteLine($"foreign {foreign}, alone {alone}, own {own}");
        Assert.InRange(foreign.Computed, PromptTokens, int.MaxValue);
        Assert.InRange(alone.Computed, PromptTokens, int.MaxValue);
        Assert.Equal(("0", "cold", 1), (foreign.Answer.Reused, foreign.Answer.Cache, foreign.Answer.NotCached));
        Assert.Equal(("0", "cold", 1), (alone.Answer.Reused, alone.Answer.Cache, alone.Answer.NotCached));
        Assert.InRange(own.Computed, 1, PromptTokens / 2);
        Assert.Equal("hot", own.Answer.Cache);

        async Task<(MessageAnswer Answer, int Computed)> CostAsync(Func<Task<MessageAnswer>> ask)
        {
            var before = await ComputedAsync();
            var answer = await ask();
            return (answer, await ComputedAsync() - before);
        }

        async Task<int> ComputedAsync()
        {
            await proxy.WaitUntilIdleAsync();
            var metrics = await server.Client.GetStringAsync(new Uri("metrics", UriKind.Relative)).DefaultTimeout();
            var line = metrics.Split('\n').First(l => l.StartsWith("llamacpp:prompt_tokens_total", StringComparison.Ordinal));
            return (int)double.Parse(line.Split(' ')[1], CultureInfo.InvariantCulture);
        }
    }

    private static async Task<MessageAnswer> MessageAsync(TestProxy proxy, string key, string text)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/messages")
        {
            Content = new StringContent(
                new JsonObject
                {
                    ["max_tokens"] = 1,
                    ["messages"] = new JsonArray(new JsonObject { ["role"] = "user", ["content"] = text }),
                }.ToJsonString(),
                Encoding.UTF8,
                "application/json"),
        };
        request.Headers.Add("X-Api-Key", key);
        using var response = await proxy.Client.SendAsync(request).DefaultTimeout();
        var answer = await response.Content.ReadAsStringAsync().DefaultTimeout();
        Assert.True(response.IsSuccessStatusCode, answer);
        return new MessageAnswer(
            TestProxy.Header(response, "X-Bioproxy-Cache"),
            TestProxy.Header(response, "X-Bioproxy-Cached-Tokens"),
            (int)JsonNode.Parse(answer)!["usage"]!["input_tokens"]!);
    }

    private Task<Answer> AskAsync(TestProxy proxy, string header, string who, int turn) =>
        TestProxy.SendAsync(proxy.Client, With(header, who, _one.Request(turn)), CancellationToken.None);

    private static HttpRequestMessage With(string header, string who, JsonObject chat)
    {
        var request = TestProxy.Request(chat);
        request.Headers.Add(header, header == "Authorization" ? $"Bearer sk-{who}" : who);
        return request;
    }

    /// <param name="Cache">The cache result.</param>
    /// <param name="Reused">Tokens reused, as the proxy reports.</param>
    /// <param name="NotCached">The prompt's other tokens, as the answer says.</param>
    private sealed record MessageAnswer(string? Cache, string? Reused, int NotCached);
}
