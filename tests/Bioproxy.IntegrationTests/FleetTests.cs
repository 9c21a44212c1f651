using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Bioproxy.Doubles;
using Bioproxy.Host.Backends;
using Bioproxy.Host.Configuration;
using Xunit.Abstractions;

namespace Bioproxy.IntegrationTests;

/// <summary>Several real llama-servers behind one proxy.</summary>
public sealed class FleetTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData("Llama")]
    [InlineData("Mamba")]
    public async Task Conversation_ItsServerIsKilled_ContinuesRestoredOnTheOther(string architecture)
    {
        await using var workspace = new Workspace(output);
        workspace.UseModel(Enum.Parse<TinyArchitecture>(architecture));
        var (one, two) = (await StartAsync(workspace), await StartAsync(workspace));
        await using var proxy = await workspace.StartProxyAsync(one, o => Fleet(o, workspace.Slots, one, two));
        await WaitUntilRecognisedAsync(proxy, 2);

        var question = TemplateText.Words(seed: 1, length: 700);
        var (first, place) = await AskAsync(proxy, ("user", question));
        await Eventually.TrueAsync(() => proxy.Saves > 0, Tolerances.Soon, "the conversation is saved");
        await (place == "one" ? one : two).KillAsync();
        var messages = new[] { ("user", question), ("assistant", first.Text), ("user", "And now?") };
        var (second, other) = await AskAsync(proxy, messages);

        Assert.NotEqual(place, other);
        Assert.Equal("restored", second.Cache);
        Assert.InRange(second.CachedTokens, first.PromptTokens - 8, second.PromptTokens);
        var cold = await workspace.ColdAsync(messages);
        Assert.InRange(ChatProbe.MaxDifference(second.First, cold), 0, Tolerances.OtherSplit);
    }

    [Fact]
    public async Task Conversation_BothServersLive_StaysWhereItsCacheIs()
    {
        await using var workspace = new Workspace(output);
        workspace.UseModel();
        var (one, two) = (await StartAsync(workspace), await StartAsync(workspace));
        await using var proxy = await workspace.StartProxyAsync(one, o => Fleet(o, workspace.Slots, one, two));
        await WaitUntilRecognisedAsync(proxy, 2);

        var places = new List<string?>();
        var messages = new List<(string, string)> { ("user", TemplateText.Words(seed: 1, length: 700)) };
        for (var turn = 0; turn < 4; turn++)
        {
            var (answer, place) = await AskAsync(proxy, [.. messages]);
            places.Add(place);
            Assert.Equal(turn == 0 ? "cold" : "hot", answer.Cache);
            messages.AddRange([("assistant", answer.Text), ("user", "And then?")]);
        }

        Assert.Single(places.Distinct());
    }

    [Fact]
    public async Task SameNameOtherWeights_OneFolder_NothingIsRestoredFromTheOther()
    {
        await using var workspace = new Workspace(output);
        workspace.UseModel(seed: 1);
        var one = await StartAsync(workspace);
        workspace.UseModel(seed: 2);
        var two = await StartAsync(workspace);
        await using var proxy = await workspace.StartProxyAsync(one, o => Fleet(o, workspace.Slots, one, two) with
        {
            Models = [new ModelOptions("a", [new("one", null)], []), new ModelOptions("b", [new("two", null)], [])],
        });
        await WaitUntilRecognisedAsync(proxy, 2);

        var question = TemplateText.Words(seed: 1, length: 700);
        await AskAsync(proxy, "a", ("user", question));
        await Eventually.TrueAsync(() => proxy.Saves > 0, Tolerances.Soon, "the conversation is saved");
        var (answer, place) = await AskAsync(proxy, "b", ("user", question));

        Assert.Equal(("two", "cold"), (place, answer.Cache));
        Assert.InRange(answer.CachedTokens, 0, 8); // what every chat begins with
        Assert.InRange(ChatProbe.MaxDifference(answer.First, await workspace.ColdAsync(("user", question))), 0, Tolerances.OtherSplit);
    }

    [Fact]
    public async Task Models_SeveralBackends_AreListedAndAnUnknownOneIsRefused()
    {
        await using var workspace = new Workspace(output);
        workspace.UseModel();
        var one = await StartAsync(workspace);
        await using var proxy = await workspace.StartProxyAsync(one, o => Fleet(o, workspace.Slots, one, one) with
        {
            Models = [new ModelOptions("coder", [new("one", null), new("two", null)], ["gpt-4o", "claude-*"])],
        });
        await WaitUntilRecognisedAsync(proxy, 1);

        var list = JsonNode.Parse(await proxy.Client.GetStringAsync(new Uri("/v1/models", UriKind.Relative)).DefaultTimeout())!;
        Assert.Equal(["coder", "gpt-4o"], list["data"]!.AsArray().Select(model => (string)model!["id"]!));
        Assert.True((long)list["data"]![0]!["meta"]!["n_params"]! > 0);

        const string Unknown = """{"model":"x","messages":[{"role":"user","content":"y"}]}""";
        using var body = new StringContent(Unknown, Encoding.UTF8, "application/json");
        using var refused = await proxy.Client.PostAsync(new Uri("/v1/chat/completions", UriKind.Relative), body).DefaultTimeout();
        Assert.Equal(HttpStatusCode.NotFound, refused.StatusCode);
        var error = JsonNode.Parse(await refused.Content.ReadAsStringAsync().DefaultTimeout())!["error"]!;
        Assert.Equal("model_not_found", (string)error["code"]!);
        Assert.Contains("coder, gpt-4o", (string)error["message"]!, StringComparison.Ordinal);
    }

    private static Task<LlamaServer> StartAsync(Workspace workspace) => workspace.StartServerAsync(workspace.ServerOptions(parallel: 2));

    private static ProxyOptions Fleet(ProxyOptions options, string slots, LlamaServer one, LlamaServer two) => options with
    {
        Backends =
        [
            new BackendOptions("one", one.BaseAddress) { SlotDirectory = slots },
            new BackendOptions("two", two.BaseAddress) { SlotDirectory = slots },
        ],
        KvMinTokens = 128,
        KvIdleSave = TimeSpan.FromMilliseconds(200),
    };

    private static Task WaitUntilRecognisedAsync(TestProxy proxy, int models) => Eventually.TrueAsync(
        () => proxy.App.Models.All.Count(
            model => model.Current is { State.Status: BackendStatus.Ready, Recognition.Fingerprint: not null }) >= models,
        Tolerances.Soon,
        "the models are recognised");

    private static Task<(Answer Answer, string? Place)> AskAsync(TestProxy proxy, params (string Role, string Content)[] messages) =>
        AskAsync(proxy, null, messages);

    private static async Task<(Answer Answer, string? Place)> AskAsync(
        TestProxy proxy, string? model, params (string Role, string Content)[] messages)
    {
        var body = ChatProbe.FirstTokenBody(ChatProbe.Chat(messages));
        if (model is not null)
            body["model"] = model;
        using var request = TestProxy.Request(body);
        using var response = await proxy.Client.SendAsync(request).DefaultTimeout();
        var text = await response.Content.ReadAsStringAsync().DefaultTimeout();
        Assert.True(response.IsSuccessStatusCode, $"{(int)response.StatusCode}: {text}");
        var answer = new Answer(response.StatusCode, TestProxy.Header(response, "X-Bioproxy-Cache"), null, JsonNode.Parse(text)!);
        return (answer, TestProxy.Header(response, "X-Bioproxy-Backend"));
    }
}
