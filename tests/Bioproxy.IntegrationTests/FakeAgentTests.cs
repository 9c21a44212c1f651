using System.Net;
using System.Text.Json.Nodes;
using Bioproxy.Doubles;
using Bioproxy.Host.Configuration;
using Xunit.Abstractions;

namespace Bioproxy.IntegrationTests;

/// <summary>Slash commands, handlers that answer, and plugins that edit answers: in the whole proxy.</summary>
public sealed class FakeAgentTests(ITestOutputHelper output) : IDisposable
{
    private readonly PluginFolder _plugins = new();

    public static TheoryData<string, string, bool> Endpoints() => new()
    {
        { "/v1/chat/completions", """{"model":"m","messages":[{"role":"user","content":"/echo Grüße, \"all\""}]}""", false },
        { "/v1/chat/completions", """{"model":"m","stream":true,"messages":[{"role":"user","content":"/echo Grüße, \"all\""}]}""", true },
        { "/v1/completions", """{"model":"m","prompt":"/echo Grüße, \"all\""}""", false },
        { "/v1/completions", """{"model":"m","stream":true,"prompt":"/echo Grüße, \"all\""}""", true },
        { "/completion", """{"prompt":"/echo Grüße, \"all\""}""", false },
        { "/completion", """{"stream":true,"prompt":"/echo Grüße, \"all\""}""", true },
        { "/v1/responses", """{"model":"m","input":"/echo Grüße, \"all\""}""", false },
        { "/v1/responses", """{"model":"m","stream":true,"input":"/echo Grüße, \"all\""}""", true },
        { "/v1/messages", """{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"/echo Grüße, \"all\""}]}""", false },
        { "/v1/messages", """{"model":"m","max_tokens":9,"stream":true,"messages":[{"role":"user","content":[{"type":"text","text":"/echo Grüße, \"all\""}]}]}""", true },
    };

    [Theory]
    [MemberData(nameof(Endpoints))]
    public async Task Handler_AnswersItself_InTheFormOfTheEndpoint(string path, string body, bool isStream)
    {
        _plugins.Fixture("Handler");
        await using var stage = await StartAsync();

        using var response = await stage.SendAsync(body, path);
        var text = await response.Content.ReadAsStringAsync().WaitAsync(FakeStage.Limit);

        Assert.Equal((HttpStatusCode.OK, isStream ? "text/event-stream" : "application/json"), (response.StatusCode, response.Content.Headers.ContentType?.MediaType));
        Assert.Equal("Grüße, \"all\"", isStream ? string.Concat(Events(text).Select(Delta)) : Whole(JsonNode.Parse(text)!));
        Assert.DoesNotContain(stage.Backend.Requests, r => r.Is("POST", path) && r.Text.Contains("all", StringComparison.Ordinal));
        await stage.AssertServesAsync();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Handler_AsksTheBackendTwice_EachWithALeaseOfItsOwn(bool isBatch)
    {
        _plugins.Fixture("Handler");
        await using var stage = await StartAsync(new FakeBackendOptions { Slots = 1 });
        using var gate = stage.Backend.HoldGeneration(r => r.Text.Contains("Which", StringComparison.Ordinal));
        using var message = FakeStage.Post(FakeStage.Chat("/twice Which one?", "\"temperature\":0.5,"));
        message.Headers.Add("X-Bioproxy-Lane", isBatch ? "batch" : "interactive");
        message.Headers.Add("Authorization", "Bearer mine");

        var asking = stage.Client.SendAsync(message).WaitAsync(FakeStage.Limit);
        await gate.Reached.WaitAsync(FakeStage.Limit);
        await stage.WaitForQueueAsync(q => isBatch ? q is { BatchActive: 1, BatchWaiting: 1 } : q is { InteractiveActive: 1, InteractiveWaiting: 1 }, "the second waits for the only slot, in the caller's lane");
        gate.Release();
        using var response = await asking;

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(2, stage.Chats.Count);
        Assert.All(stage.Chats, chat =>
        {
            Assert.Equal("Which one?", (string)chat.Json["messages"]![0]!["content"]!);
            Assert.Equal(0.5, (double)chat.Json["temperature"]!);
            Assert.Equal("Bearer mine", chat.Header("Authorization"));
        });
        Assert.Equal(0, stage.Backend.SlotCollisions);
        await stage.WaitUntilIdleAsync();
    }

    [Fact]
    public async Task Handler_ClientLeaves_ItsQuestionsEnd()
    {
        _plugins.Fixture("Handler");
        await using var stage = await StartAsync(new FakeBackendOptions { Slots = 2 });
        using var gate = stage.Backend.HoldGeneration(r => r.Text.Contains("Which", StringComparison.Ordinal));
        using var leaving = new CancellationTokenSource();
        var asking = stage.SendAsync(FakeStage.Chat("/twice Which one?"), cancellationToken: leaving.Token);
        await gate.ReachedBy(2).WaitAsync(FakeStage.Limit);

        await leaving.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asking);
        await stage.WaitUntilIdleAsync();
        await stage.AssertServesAsync();
    }

    [Theory]
    [InlineData("/boom now", "this handler always fails", "plugin_failed")]
    [InlineData("/stuck now", "handler_time_budget_seconds", "plugin_timed_out")]
    [InlineData("/block now", "handler_time_budget_seconds", "plugin_timed_out")]
    public async Task Handler_Fails_CostsItsRequestOnly(string text, string words, string code)
    {
        _plugins.Fixture("Handler");
        await using var stage = await StartAsync(change: o => o with { HandlerTimeBudget = TimeSpan.FromMilliseconds(200) });

        using var response = await stage.SendAsync(FakeStage.Chat(text));

        Assert.Equal(HttpStatusCode.InternalServerError, response.StatusCode);
        await FakeResponseBytesTests.AssertOwnErrorAsync(response, code, "server_error", "Bioproxy.Fixtures.Handler", words);
        Assert.Empty(stage.Chats);
        await stage.AssertServesAsync();
        Assert.Contains((await stage.StatusAsync())["plugins"]!.AsArray(), p => (string)p!["name"]! == "Bioproxy.Fixtures.Handler" && (int)p["errors"]! == 1);
    }

    [Theory]
    [InlineData("ResponseThrowing", false, "plugin_failed")]
    [InlineData("ResponseThrowing", true, "plugin_failed")]
    [InlineData("ResponseHanging", false, "plugin_timed_out")]
    [InlineData("ResponseHanging", true, "plugin_timed_out")]
    public async Task ResponseTransform_Fails_NobodyTakesAPartForTheWhole(string fixture, bool isStream, string code)
    {
        _plugins.Fixture(fixture);
        await using var stage = await StartAsync(change: o => o with { PluginTimeBudget = TimeSpan.FromMilliseconds(200) });

        using var response = await stage.SendAsync(FakeStage.Chat("hello", isStream ? "\"stream\":true," : ""));
        var text = await response.Content.ReadAsStringAsync().WaitAsync(FakeStage.Limit);

        Assert.Contains(response.StatusCode, isStream ? [HttpStatusCode.OK, HttpStatusCode.InternalServerError] : (HttpStatusCode[])[HttpStatusCode.InternalServerError]); // a stream's headers may be gone
        Assert.Contains($"\"code\":\"{code}\"", text.Replace(" ", "", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.Contains($"Bioproxy.Fixtures.{fixture}", text, StringComparison.Ordinal);
        Assert.DoesNotContain("[DONE]", text, StringComparison.Ordinal);
        await stage.WaitUntilIdleAsync();
        _plugins.Remove($"Bioproxy.Fixtures.{fixture}");
        await stage.App.ReloadPluginsAsync(CancellationToken.None);
        await stage.AssertServesAsync();
    }

    [Fact]
    public async Task Commands_OfTheConfiguration_AreTheOnlyOnes()
    {
        _plugins.Fixture("Handler");
        await using var stage = await StartAsync(change: o => o with { Agents = ["twice", "nobody"] });

        await stage.AskAsync(FakeStage.Chat("/echo hello"));

        Assert.Equal("/echo hello", (string)Assert.Single(stage.Chats).Json["messages"]![0]!["content"]!);
        Assert.Contains(stage.Log, l => l.Contains("no loaded plugin has the command 'nobody'", StringComparison.Ordinal));
    }

    public void Dispose() => _plugins.Dispose();

    private static IEnumerable<JsonNode> Events(string stream) => stream.Split('\n').Where(l => l.StartsWith("data: {", StringComparison.Ordinal)).Select(l => JsonNode.Parse(l[6..])!);

    private static string? Delta(JsonNode data) =>
        (string?)data["choices"]?[0]?["delta"]?["content"] ?? (string?)data["choices"]?[0]?["text"] ?? (data["content"] is JsonValue native ? (string?)native : null)
        ?? (data["delta"] is JsonValue delta ? (string?)delta : (string?)data["delta"]?["text"]);

    private static string? Whole(JsonNode body) =>
        (string?)body["choices"]?[0]?["message"]?["content"] ?? (string?)body["choices"]?[0]?["text"] ?? (body["content"] is JsonValue native ? (string?)native : null)
        ?? (string?)body["output"]?[0]?["content"]?[0]?["text"] ?? (string?)body["content"]?[0]?["text"];

    private Task<FakeStage> StartAsync(FakeBackendOptions? backend = null, Func<ProxyOptions, ProxyOptions>? change = null) =>
        FakeStage.StartAsync(output, backend, o => (change ?? (x => x))(o with { PluginDirectories = [.. o.PluginDirectories, _plugins.Root], PluginCheckInterval = TimeSpan.Zero }));
}
