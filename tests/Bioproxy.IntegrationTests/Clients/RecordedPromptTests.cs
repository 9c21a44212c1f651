using System.Collections.Frozen;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Bioproxy.Abstractions;
using Bioproxy.Doubles;
using Bioproxy.Host.Configuration;
using Xunit.Abstractions;

namespace Bioproxy.IntegrationTests.Clients;

/// <summary>The proxy changes no answer: the requests of recorded clients, one client after the other, through it and without it.</summary>
public sealed class RecordedPromptTests(ITestOutputHelper output)
{
    private const int AnswerTokens = 6;
    private const string AllOff = """{"attribution":false,"tool_arguments":false,"answer_text":false}""";

    /// <summary>All rules but those that edit what a client sends for the first time: for lines, and for system messages in the middle.
    /// </summary>
    private const string AllOn = """{"reasoning":true,"system_reminder":true,"tool_order":true,"schema_order":true}""";

    /// <summary>One slot everywhere, and the same requests in the same order: what is reused is the same, and so is the rounding.</summary>
    [Fact]
    public async Task Answers_ToPromptsThatNoRuleTouches_AreByteIdenticalWithTheRulesOnAndOff()
    {
        using var prompts = new RecordedPrompts();
        await using var workspace = new Workspace(output);
        await using var otherWorkspace = new Workspace(output);
        workspace.UseModel(size: TinySize.Tiny);
        otherWorkspace.UseModel(size: TinySize.Tiny);
        var direct = await workspace.StartServerAsync(
            await RecordedPrompts.OptionsAsync(workspace, 1) with { SlotSavePath = workspace.PathOf("direct") });
        var (serverOn, on) = await StartAsync(workspace, AllOn);
        var (serverOff, off) = await StartAsync(otherWorkspace, AllOff);
        foreach (var server in new[] { direct, serverOn, serverOff })
            await prompts.EraseAsync(server); // the proxy's recognition of the model left its probe there
        var compared = 0;
        foreach (var request in Recordings.Clients.SelectMany(Requests))
        {
            foreach (var stream in new[] { true, false })
            {
                var body = Body(request, stream);
                var (expected, _) = await prompts.SendAsync(direct.BaseAddress, request, body);
                foreach (var proxy in new[] { on, off })
                {
                    var (answer, _) = await prompts.SendAsync(proxy.App.ProxyAddress, request, body);
                    await proxy.WaitUntilIdleAsync(); // what was answered is remembered by then
                    Assert.True(
                        RecordedPrompts.Masked(expected) == RecordedPrompts.Masked(answer),
                        $"{request.Path} {request.Note}, stream {stream}, rules {(proxy == on ? "on" : "off")}\n{expected}\n{answer}");
                }

                compared++;
            }
        }

        output.WriteLine($"{compared} answers are the same three times");
        var metrics = await on.Admin.GetStringAsync(new Uri("/metrics", UriKind.Relative)).DefaultTimeout();
        Assert.All(
            metrics.Split('\n').Where(line => line.StartsWith("bioproxy_plugin_custom_rule_", StringComparison.Ordinal)),
            line => Assert.EndsWith(" 0", line, StringComparison.Ordinal));
    }

    /// <summary>A turn of each client is answered and saved, the server restarts, and the next turn is answered from the restored state.
    /// Behind it the first token is as probable as on a server of its own that answered the same two turns, bit by bit, and as on one that
    /// computes the prompt at once, as far as another split into batches leaves it.</summary>
    [Fact]
    public async Task FirstToken_AfterARestore_IsAsProbableAsWithoutTheProxy()
    {
        using var prompts = new RecordedPrompts();
        await using var workspace = new Workspace(output);
        workspace.UseModel(size: TinySize.Tiny);
        var options = await RecordedPrompts.OptionsAsync(workspace, 2);
        var server = await workspace.StartServerAsync(options);
        var direct = await workspace.StartServerAsync(options with { SlotSavePath = workspace.PathOf("direct"), Port = 0 });
        await using var proxy = await workspace.StartProxyAsync(server, o => o with
        {
            KvSave = SaveMode.Always,
            KvMinTokens = 128,
            KvIdleSave = TimeSpan.FromMilliseconds(100),
            KvMinFreeBytes = 0,
            KvDirectory = workspace.Slots,
            PreamblesEnabled = false, // a computed preamble is another split into batches
        });
        await proxy.WaitUntilRecognisedAsync();
        var turns = new List<Turns>();
        foreach (var client in Recordings.Clients)
            turns.Add(await TurnsOfAsync(prompts, direct, client));
        foreach (var turn in turns)
        {
            await prompts.SendAsync(proxy.App.ProxyAddress, turn.First, turn.First.Shortened());
            await proxy.WaitUntilIdleAsync();
            await proxy.WaitUntilAllSavedAsync();
        }

        var instance = proxy.Instance;
        server = await workspace.RestartAsync(server);
        await proxy.WaitUntilRecognisedAsync(after: instance);
        output.WriteLine("prompt  cached  to the server that went the same way  to one that computes all");
        foreach (var turn in turns)
        {
            var restores = proxy.Restores;
            await prompts.SendAsync(proxy.App.ProxyAddress, turn.Next, turn.Next.Shortened());
            await proxy.WaitUntilIdleAsync();
            var restored = await prompts.FirstTokenAsync(server, turn.Tokens, mayReuse: true);
            await prompts.SendAsync(direct.BaseAddress, turn.First, turn.First.Shortened());
            await prompts.SendAsync(direct.BaseAddress, turn.Next, turn.Next.Shortened());
            var hot = await prompts.FirstTokenAsync(direct, turn.Tokens, mayReuse: true);
            var cold = await prompts.FirstTokenAsync(direct, turn.Tokens, mayReuse: false);
            var (toHot, toCold) = (ChatProbe.MaxDifference(restored, hot), ChatProbe.MaxDifference(restored, cold));
            output.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{turn.Tokens.Length,6} {restored.CachedTokens,7} {toHot,10:g3} {toCold,10:g3}  {turn.Client}: {turn.Next.Note}"));
            Assert.Equal(restores + 1, proxy.Restores);
            Assert.Equal(turn.Tokens.Length - 1, restored.CachedTokens); // it is the state that the answer came from
            Assert.Equal(0, toHot);
            Assert.InRange(toCold, 0, Tolerances.AnySplit); // the server alone differs from itself by as much
        }
    }

    private static IEnumerable<RecordedRequest> Requests(string client)
    {
        var requests = Recordings.Of(client);
        return requests.Where(static request => request.Note.StartsWith("S1", StringComparison.Ordinal)).Take(3)
            .Append(requests.First(static request => request.Note.StartsWith("S2", StringComparison.Ordinal)))
            .Select(static request => request.Cut());
    }

    private static JsonObject Body(RecordedRequest request, bool stream)
    {
        var body = (JsonObject)request.Body.DeepClone();
        body.Remove("max_completion_tokens"); // llama-server prefers it
        body[request.Endpoint == PromptEndpoint.Responses ? "max_output_tokens" : "max_tokens"] = AnswerTokens;
        body["temperature"] = 0;
        body["stream"] = stream;
        if (!stream)
            body.Remove("stream_options");
        return body;
    }

    /// <summary>Two requests of a client's first session that share most.</summary>
    private static async Task<Turns> TurnsOfAsync(RecordedPrompts prompts, LlamaServer server, string client)
    {
        var session = Recordings.Of(client).Where(static request => request.Note.StartsWith("S1", StringComparison.Ordinal))
            .Select(static request => request.Cut()).ToList();
        var tokens = new List<int[]>();
        foreach (var request in session)
            tokens.Add(await prompts.TokensAsync(server, request));
        var (first, next) = Enumerable.Range(0, session.Count)
            .SelectMany(one => Enumerable.Range(one + 1, session.Count - one - 1).Select(two => (one, two)))
            .MaxBy(pair => tokens[pair.one].AsSpan().CommonPrefixLength(tokens[pair.two]));
        return new Turns(client, session[first], session[next], tokens[next]);
    }

    private static async Task<(LlamaServer Server, TestProxy Proxy)> StartAsync(Workspace workspace, string settings)
    {
        var server = await workspace.StartServerAsync(await RecordedPrompts.OptionsAsync(workspace, 1) with { Port = 0 });
        var proxy = await workspace.StartProxyAsync(server, options => options with
        {
            KvSave = SaveMode.Never,
            PreamblesEnabled = false,
            PluginSettings = new Dictionary<string, ReadOnlyMemory<byte>>
            {
                ["Bioproxy.PrefixStabiliser"] = Encoding.UTF8.GetBytes(settings),
            }.ToFrozenDictionary(),
        });
        await proxy.WaitUntilRecognisedAsync();
        return (server, proxy);
    }

    /// <param name="Client">Whose they are.</param>
    /// <param name="First">A turn.</param>
    /// <param name="Next">A later one.</param>
    /// <param name="Tokens">The later one's prompt.</param>
    private sealed record Turns(string Client, RecordedRequest First, RecordedRequest Next, int[] Tokens);
}
