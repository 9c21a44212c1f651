using System.Net;
using System.Text.Json.Nodes;
using Bioproxy.Doubles;
using Bioproxy.Host.Configuration;
using Bioproxy.Host.Pool;
using Xunit.Abstractions;

namespace Bioproxy.IntegrationTests;

/// <summary>A pool's server is killed in every phase of its life: that costs its request at most, and the next one is answered.</summary>
public sealed class PoolKillTests(ITestOutputHelper output) : IAsyncLifetime
{
    private readonly Workspace _workspace = new(output);
    private readonly Conversation _one = new(number: 61, turns: 3, firstWords: 700);
    private readonly Conversation _two = new(number: 62, turns: 1);
    private TestProxy? _proxy;

    private TestProxy Proxy => _proxy!;

    public async Task InitializeAsync()
    {
        await _one.LearnAsync(await ReferenceServer.OfAsync(TinyArchitecture.Llama, seed: 1), isContinued: true);
        await _two.LearnAsync(await ReferenceServer.OfAsync(TinyArchitecture.Llama, seed: 2), isContinued: true);
    }

    public Task DisposeAsync() => _workspace.DisposeAsync().AsTask();

    [Fact]
    public async Task Starting_Killed_FailsCleanlyAndTheNextStartServes()
    {
        // The first start never becomes a llama-server.
        const string Script = "if mkdir \"$0\"; then echo hangs; sleep 600 & wait; fi; exec \"$@\"";
        await StartAsync(["sh", "-c", Script, _workspace.PathOf("has-started")]);
        var asked = AskAsync("m1", _one.Request(0));
        await WaitForModelsLogAsync("hangs");

        Signals.KillProcess(ProcessOf("m1"));

        await AssertNotLoadedAsync(asked);
        await AssertServesAsync("m1", _one, 0);
    }

    [Fact]
    public async Task Loading_Killed_FailsCleanlyAndTheNextStartServes()
    {
        // It waits for the rest of its model.
        await StartAsync();
        var model = _workspace.PathOf("m1.gguf");
        File.Move(model, model + ".whole");
        SnapshotDisk.MakeHanging(model);
        var asked = AskAsync("m1", _one.Request(0));
        await WaitForModelsLogAsync("loading model");

        Signals.KillProcess(ProcessOf("m1"));

        await AssertNotLoadedAsync(asked);
        File.Move(model + ".whole", model, overwrite: true);
        await AssertServesAsync("m1", _one, 0);
    }

    [Fact]
    public async Task Prefill_Killed_IsAskedAgainAndAnswered()
    {
        await StartAsync();
        await AssertServesAsync("m1", _one, 0);
        var launches = await LaunchesAsync();
        var asked = AskAsync("m1", new Conversation(number: 63, turns: 1, firstWords: 1400).Request(0));
        await Eventually.TrueAsync(async () => await LaunchesAsync() > launches, Tolerances.Soon, "it is being computed");

        Signals.KillProcess(ProcessOf("m1"));

        using var response = await asked.DefaultTimeout();
        Assert.Equal((HttpStatusCode.OK, "m1"), (response.StatusCode, TestProxy.Header(response, "X-Bioproxy-Model")));
        Assert.True(Proxy.Logged("the server of model m1 ended; trying again when it is back"));
        await AssertServesAsync("m1", _one, 1);
    }

    [Fact]
    public async Task Streaming_Killed_IsBrokenOffAndTheNextIsAnswered()
    {
        await StartAsync();
        var chat = ChatProbe.Chat(("user", "Count."));
        (chat["model"], chat["stream"], chat["max_tokens"], chat["ignore_eos"]) = ("m1", true, 100_000, true);
        using var request = TestProxy.Request(chat);
        using var response = await Proxy.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead).DefaultTimeout();
        using var lines = new StreamReader(await response.Content.ReadAsStreamAsync().DefaultTimeout());
        Assert.StartsWith("data: ", await lines.ReadLineAsync().DefaultTimeout(), StringComparison.Ordinal);

        Signals.KillProcess(ProcessOf("m1"));

        await Assert.ThrowsAnyAsync<IOException>(() => lines.ReadToEndAsync()).DefaultTimeout(); // never a clean end
        await AssertServesAsync("m1", _one, 0);
    }

    [Fact]
    public async Task Saving_Killed_TheOtherModelIsLoadedAndTheConversationContinues()
    {
        await StartAsync();
        await AssertServesAsync("m1", _one, 0);
        var process = ProcessOf("m1");
        Signals.StopProcess(process); // its save never ends
        var asked = AskAsync("m2", _two.Request(0));
        await Proxy.WaitForLogAsync("Model m1 is being stopped.");

        Signals.KillProcess(process);

        _two.AssertRight(0, await AnswerAsync(await asked.DefaultTimeout()));
        await AssertServesAsync("m1", _one, 1);
    }

    [Fact]
    public async Task Stopping_Killed_TheOtherModelIsLoadedAndTheConversationContinues()
    {
        await StartAsync();
        await AssertServesAsync("m1", _one, 0);
        var process = ProcessOf("m1");
        Signals.StopProcess(process);
        var asked = AskAsync("m2", _two.Request(0));
        await Eventually.TrueAsync(() => Signals.IsTerminating(process), Tolerances.Soon, "it is being stopped");

        Signals.KillProcess(process);

        _two.AssertRight(0, await AnswerAsync(await asked.DefaultTimeout()));
        await AssertServesAsync("m1", _one, 1);
    }

    /// <summary>Nothing ends with a killed proxy; the next one ends what it left.</summary>
    [Fact]
    public async Task Proxy_Killed_TheNextStartEndsItsServers()
    {
        File.Copy(TinyModel.Ensure(TinyArchitecture.Llama, seed: 1), _workspace.PathOf("m1.gguf"));
        var ports = PoolStage.SomePorts();
        _workspace.WriteConfig(new Uri("http://127.0.0.1:9"), new JsonObject
        {
            ["plugin_directories"] = new JsonArray(),
            ["pool"] = new JsonObject
            {
                ["models"] = new JsonObject
                {
                    ["m1"] = new JsonObject
                    {
                        ["command"] = $"'{await LlamaServerBinary.RequireAsync()}' -m m1.gguf --port ${{port}} -c 4096 -t 1",
                    },
                },
                ["ports"] = $"{ports.First}-{ports.Last}",
            },
        });
        var children = new List<ProcessIdentity>();
        for (var run = 1; run <= 2; run++)
        {
            await using var proxy = await BioproxyRun.StartAsync(_workspace.ConfigFile, output);
            await Eventually.TrueAsync(() => children.TrueForAll(child => !child.IsAlive), Tolerances.Soon, "what was left is ended");
            var chat = _one.Request(0);
            chat["model"] = "m1";
            _one.AssertRight(0, await proxy.SendAsync(chat));
            children.Add(ChildFile.All(Children).Single().Record!.Child);
            await proxy.KillAsync();
        }

        await using var last = await BioproxyRun.StartAsync(_workspace.ConfigFile, output);
        await Eventually.TrueAsync(() => !children[1].IsAlive, Tolerances.Soon, "what was left is ended");
        Assert.Equal(0, await last.StopAsync());
        Assert.Empty(ChildFile.All(Children));
    }

    private string Children => _workspace.PathOf("state/pool/children");

    /// <param name="wrapper">What starts the server of m1; empty for nothing.</param>
    private async Task StartAsync(string[]? wrapper = null)
    {
        var llamaServer = await LlamaServerBinary.RequireAsync();
        foreach (var seed in new[] { 1, 2 })
            File.Copy(TinyModel.Ensure(TinyArchitecture.Llama, seed), _workspace.PathOf($"m{seed}.gguf"));
        _proxy = await _workspace.StartProxyAsync(new Uri("http://127.0.0.1:9"), options => options with
        {
            Pool = new PoolOptions
            {
                Models = [Model("m1", wrapper ?? []), Model("m2", [])],
                MaxLoaded = 1,
                MinLoaded = TimeSpan.Zero,
                Ports = PoolStage.SomePorts(),
            },
            SwapMaxSave = TimeSpan.FromSeconds(1),
            KvMinTokens = 128,
            KvIdleSave = TimeSpan.FromHours(1),
        });

        PoolModelOptions Model(string name, string[] wrapper) => new(name)
        {
            Command =
            [
                .. wrapper, llamaServer, "-m", _workspace.PathOf(name + ".gguf"), "--port", CommandLineText.Port,
                "--slot-save-path", CommandLineText.Slots, "-c", "16384", "-np", "2", "-t", "1",
            ],
            Memory = 1, // the file need not be read
        };
    }

    private int ProcessOf(string model) =>
        ChildFile.All(Children).Select(child => child.Record!).Single(record => record.Model == model).Child.Id;

    /// <summary>What a server writes at once may be read before the process that wrote it is recorded.</summary>
    private Task WaitForModelsLogAsync(string text) => Eventually.TrueAsync(
        async () => (await LogAsync()).Contains(text, StringComparison.Ordinal)
            && ChildFile.All(Children).Any(static child => child.Record is { Model: "m1" }),
        Tolerances.Soon,
        $"the model's server wrote '{text}', and is recorded");

    private async Task<int> LaunchesAsync() => (await LogAsync()).Split("launch_slot_").Length;

    private Task<string> LogAsync() => Proxy.Admin.GetStringAsync(new Uri("/logs/m1", UriKind.Relative)).DefaultTimeout();

    private async Task<HttpResponseMessage> AskAsync(string model, JsonObject chat)
    {
        chat["model"] = model;
        using var request = TestProxy.Request(chat);
        return await Proxy.Client.SendAsync(request);
    }

    private static async Task AssertNotLoadedAsync(Task<HttpResponseMessage> asked)
    {
        using var response = await asked.DefaultTimeout();
        var error = JsonNode.Parse(await response.Content.ReadAsStringAsync().DefaultTimeout())!["error"]!;
        Assert.Equal((503, "model_not_loaded"), ((int)response.StatusCode, (string)error["code"]!));
        Assert.Contains("did not become ready; it was ended by signal 9", (string)error["message"]!, StringComparison.Ordinal);
        Assert.NotNull(response.Headers.RetryAfter);
    }

    /// <summary>A start that has just failed is not repeated at once: the client is told when to ask again.</summary>
    private async Task AssertServesAsync(string model, Conversation conversation, int turn)
    {
        HttpResponseMessage? response = null;
        await Eventually.TrueAsync(
            async () =>
            {
                response?.Dispose();
                response = await AskAsync(model, conversation.Request(turn));
                return response.StatusCode != HttpStatusCode.ServiceUnavailable;
            },
            DefaultTimeoutExtensions.Limit,
            "it is served again");
        conversation.AssertRight(turn, await AnswerAsync(response!));
    }

    private static async Task<Answer> AnswerAsync(HttpResponseMessage response)
    {
        using (response)
        {
            var text = await response.Content.ReadAsStringAsync().DefaultTimeout();
            Assert.True(response.IsSuccessStatusCode, $"{(int)response.StatusCode}: {text}");
            return new Answer(response.StatusCode, TestProxy.Header(response, "X-Bioproxy-Cache"), null, JsonNode.Parse(text)!);
        }
    }
}
