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
    [InlineData("router")]
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
    [InlineData("router")]
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
    [InlineData("router")]
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

    private static Task<TestProxy> StartProxyAsync(Workspace workspace, SwapServer server) =>
        workspace.StartProxyAsync(server.Address, o => o with
        {
            Backends = [new BackendOptions("swap", server.Address) { Kind = server.Kind, SlotDirectory = workspace.Slots }],
            KvMinTokens = 128,
            KvSave = SaveMode.Always,
            KvIdleSave = TimeSpan.FromHours(1), // only the swap saves
        });

    private static Task<Answer> AskAsync(TestProxy proxy, string model, params (string Role, string Content)[] messages)
    {
        var body = ChatProbe.FirstTokenBody(ChatProbe.Chat(messages));
        body["model"] = model;
        return proxy.SendAsync(body, CancellationToken.None);
    }
}
