using System.Text;
using System.Text.Json.Nodes;
using Bioproxy.Doubles;
using Bioproxy.Host.Backends;
using Bioproxy.Host.Configuration;
using Xunit.Abstractions;

namespace Bioproxy.IntegrationTests;

/// <summary>Two models of which one server loads one at a time.</summary>
public sealed class SwapTests(ITestOutputHelper output)
{
    [Theory]
    [LongInlineData("router")]
    [InlineData("llama-swap")]
    public async Task TwoModels_Alternating_EachContinuesRestoredFromItsOwnSnapshot(string kind)
    {
        await using var workspace = new Workspace(output);
        await using var server = await SwapServer.StartAsync(kind, workspace);
        await using var proxy = await StartProxyAsync(workspace, server);

        // The same question for both: the snapshot of one must never serve the other.
        var question = TemplateText.Words(seed: 1, length: 1400);
        var messages = server.Models.ToDictionary(name => name, _ => new List<(string Role, string Content)> { ("user", question) });
        for (var turn = 0; turn < 3; turn++)
        {
            foreach (var model in server.Models)
            {
                var asked = messages[model].ToArray();
                var answer = await AskAsync(proxy, model, asked);
                output.WriteLine($"{kind}, turn {turn}, {model}: {answer}");
                Assert.Equal(turn == 0 ? "cold" : "restored", answer.Cache);
                if (turn > 0)
                    Assert.InRange(answer.ComputedTokens, 1, 100);
                var cold = await (await ReferenceServer.OfAsync(TinyArchitecture.Llama, SwapServer.SeedOf(model))).FirstTokenAsync(asked);
                Assert.InRange(ChatProbe.MaxDifference(answer.First, cold), 0, Tolerances.OtherSplit);
                messages[model].AddRange([("assistant", answer.Text), ("user", $"And then, for the {turn + 1}. time?")]);
            }
        }

        Assert.Equal(4, proxy.Restores);
    }

    [Theory]
    [LongInlineData("router")]
    [InlineData("llama-swap")]
    public async Task NobodyAsks_ModelsAreKnownAndNothingIsLoaded(string kind)
    {
        await using var workspace = new Workspace(output);
        await using var server = await SwapServer.StartAsync(kind, workspace);
        workspace.AddTemplate("@code", TemplateText.Words(seed: 2, length: 600) + "<<message>>");
        await using var proxy = await StartProxyAsync(workspace, server);

        var list = JsonNode.Parse(await proxy.Client.GetStringAsync(new Uri("/v1/models", UriKind.Relative)).DefaultTimeout())!;
        Assert.Subset(
            list["data"]!.AsArray().Select(model => (string)model!["id"]!).ToHashSet(), server.Models.ToHashSet());
        for (var round = 0; round < 5; round++)
        {
            foreach (var model in proxy.App.Models.All)
                await model.Backend.Monitor.CheckAsync(default).DefaultTimeout();
        }

        Assert.Equal(
            [BackendStatus.Unloaded, BackendStatus.Unloaded],
            proxy.App.Models.All.Where(model => !model.IsServer).Select(model => model.Current.State.Status));
        Assert.Empty(await server.LoadedAsync());
    }

    [Theory]
    [LongInlineData("router")]
    [InlineData("llama-swap")]
    public async Task OtherModelAskedWhileOneStreams_TheStreamIsWhole(string kind)
    {
        await using var workspace = new Workspace(output);
        await using var server = await SwapServer.StartAsync(kind, workspace);
        await using var proxy = await StartProxyAsync(workspace, server);
        var (a, b) = (server.Models[0], server.Models[1]);

        var chat = ChatProbe.Chat(("user", "Count."));
        (chat["model"], chat["stream"], chat["max_tokens"], chat["ignore_eos"]) = (a, true, 600, true);
        using var request = TestProxy.Request(chat);
        using var stream = await proxy.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead).DefaultTimeout();
        var other = AskAsync(proxy, b, ("user", "Now you."));
        var text = await stream.Content.ReadAsStringAsync().DefaultTimeout();

        Assert.Contains("data: [DONE]", text, StringComparison.Ordinal);
        Assert.Equal(b, (string)(await other.DefaultTimeout()).Body["model"]!);
    }

    [Fact]
    public async Task ClientLeavesWhileTheRouterLoadsItsModel_TheLoadIsStopped()
    {
        await using var workspace = new Workspace(output);
        await using var server = await SwapServer.StartAsync("router", workspace);
        await using var proxy = await StartProxyAsync(workspace, server);
        var model = server.Models[0];
        using var leaving = new CancellationTokenSource();
        var asked = proxy.SendAsync(BodyOf(model, ("user", "hello")), leaving.Token);
        await Signals.StopNextChildAsync(server.RouterProcess, model); // so that it is loading for as long as it lasts
        await Eventually.TrueAsync(async () => (await server.LoadedAsync()).Contains(model), Tolerances.Soon, "it is being loaded");

        await leaving.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asked).DefaultTimeout();
        await Eventually.TrueAsync(async () => (await server.LoadedAsync()).Count == 0, Tolerances.Soon, "the load was stopped");
        Assert.True(proxy.Logged($"The load of model {model} was stopped: no request waits for it any more."));
        var answer = await AskAsync(proxy, model, ("user", "hello"));
        Assert.Equal(model, (string)answer.Body["model"]!);
    }

    /// <summary>llama-swap cannot be told to stop, but the request that it holds for the model ends.</summary>
    [Fact]
    public async Task ClientLeavesWhileItsModelWaits_NothingIsLoadedForIt()
    {
        await using var workspace = new Workspace(output);
        await using var server = await SwapServer.StartAsync("llama-swap", workspace);
        await using var proxy = await StartProxyAsync(workspace, server);
        var (a, b) = (server.Models[0], server.Models[1]);
        var chat = BodyOf(a, ("user", "Count."));
        (chat["stream"], chat["max_tokens"], chat["ignore_eos"]) = (true, 600, true);
        using var request = TestProxy.Request(chat);
        using var stream = await proxy.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead).DefaultTimeout();
        using var leaving = new CancellationTokenSource();
        var asked = proxy.SendAsync(BodyOf(b, ("user", "hello")), leaving.Token);
        await Eventually.TrueAsync(
            () => proxy.App.Models.All.Any(model => model.Name == b && model.Waiting.EndsWith("is busy", StringComparison.Ordinal)),
            Tolerances.Soon,
            "it waits");

        await leaving.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asked).DefaultTimeout();
        Assert.Contains("data: [DONE]", await stream.Content.ReadAsStringAsync().DefaultTimeout(), StringComparison.Ordinal);
        await AskAsync(proxy, a, ("user", "And now?"));
        Assert.Equal([a], await server.LoadedAsync());
    }

    /// <summary>The router says so by itself; the next check is hours away.</summary>
    [Fact]
    public async Task AnotherClientLoadsAndUnloads_TheProxyKnowsAtOnce()
    {
        await using var workspace = new Workspace(output);
        await using var server = await SwapServer.StartAsync("router", workspace);
        await using var proxy = await StartProxyAsync(workspace, server, TimeSpan.FromHours(1));
        var model = server.Models[0];
        await Eventually.TrueAsync(() => StateOf(model) == BackendStatus.Unloaded, Tolerances.Soon, "it is known");

        await server.ChangeAsync("load", model);
        await Eventually.TrueAsync(() => StateOf(model) == BackendStatus.Ready, Tolerances.Soon, "the load is known");
        await server.ChangeAsync("unload", model);
        await Eventually.TrueAsync(() => StateOf(model) == BackendStatus.Unloaded, Tolerances.Soon, "the unload is known");

        BackendStatus? StateOf(string name) => proxy.App.Models.All.FirstOrDefault(one => one.Name == name)?.Current.State.Status;
    }

    [Fact]
    public async Task Admin_LoadsAndUnloadsAModelOfTheRouter_ItsConversationsSurvive()
    {
        await using var workspace = new Workspace(output);
        await using var server = await SwapServer.StartAsync("router", workspace);
        await using var proxy = await StartProxyAsync(workspace, server);
        var model = server.Models[0];
        await proxy.Client.GetStringAsync(new Uri("/v1/models", UriKind.Relative)).DefaultTimeout(); // it is known now

        Assert.Equal("ready", await AdminAsync("load"));
        Assert.Equal([model], await server.LoadedAsync());
        var question = TemplateText.Words(seed: 1, length: 700);
        var first = await AskAsync(proxy, model, ("user", question));
        Assert.Equal("unloaded", await AdminAsync("unload"));
        await Eventually.TrueAsync(async () => (await server.LoadedAsync()).Count == 0, Tolerances.Soon, "it is unloaded");
        var second = await AskAsync(proxy, model, ("user", question), ("assistant", first.Text), ("user", "And then?"));

        Assert.Equal("restored", second.Cache);

        async Task<string?> AdminAsync(string what)
        {
            using var body = new StringContent("{}", Encoding.UTF8, "application/json");
            using var response = await proxy.Admin
                .PostAsync(new Uri($"/models/{model}/{what}", UriKind.Relative), body).DefaultTimeout();
            var json = JsonNode.Parse(await response.Content.ReadAsStringAsync().DefaultTimeout())!;
            Assert.True(response.IsSuccessStatusCode, json.ToJsonString());
            return (string?)json["state"];
        }
    }

    [Fact]
    public async Task CallWithoutPrompt_ItsBodyNamesAModel_LoadsIt()
    {
        await using var workspace = new Workspace(output);
        await using var server = await SwapServer.StartAsync("router", workspace);
        await using var proxy = await StartProxyAsync(workspace, server);
        var model = server.Models[1];
        using var body = new StringContent($$"""{"content":"hello","model":"{{model}}"}""", Encoding.UTF8, "application/json");

        using var response = await proxy.Client.PostAsync(new Uri("/tokenize", UriKind.Relative), body).DefaultTimeout();

        Assert.Contains("tokens", await response.Content.ReadAsStringAsync().DefaultTimeout(), StringComparison.Ordinal);
        Assert.Equal([model], await server.LoadedAsync());
    }

    private static Task<TestProxy> StartProxyAsync(Workspace workspace, SwapServer server, TimeSpan? interval = null) =>
        workspace.StartProxyAsync(server.Address, o => o with
        {
            Backends = [new BackendOptions("swap", server.Address) { Kind = server.Kind, SlotDirectory = workspace.Slots }],
            KvMinTokens = 128,
            KvSave = SaveMode.Always,
            KvIdleSave = TimeSpan.FromHours(1), // only the swap saves
            HealthCheckInterval = interval ?? o.HealthCheckInterval,
        });

    private static Task<Answer> AskAsync(TestProxy proxy, string model, params (string Role, string Content)[] messages) =>
        proxy.SendAsync(BodyOf(model, messages), CancellationToken.None);

    private static JsonObject BodyOf(string model, params (string Role, string Content)[] messages)
    {
        var body = ChatProbe.FirstTokenBody(ChatProbe.Chat(messages));
        body["model"] = model;
        return body;
    }
}
