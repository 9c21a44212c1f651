using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Bioproxy.Abstractions;
using Bioproxy.Doubles;
using Bioproxy.Host.Configuration;
using Xunit.Abstractions;

namespace Bioproxy.IntegrationTests;

/// <summary><c>api_keys</c>: who is let in, and what of a key goes where.</summary>
public sealed class FakeKeyTests(ITestOutputHelper output)
{
    private const string Alice = "the key of alice";
    private const string Bob = "the key of bob, batch";
    private const string OfBackend = "the key of the backend";

    [Theory]
    [InlineData("POST", "/v1/chat/completions", "error.code", "invalid_api_key")]
    [InlineData("POST", "/v1/responses", "error.code", "invalid_api_key")]
    [InlineData("POST", "/v1/messages", "error.type", "authentication_error")]
    [InlineData("POST", "/completion", "error.type", "authentication_error")]
    [InlineData("GET", "/v1/models", "error.code", "invalid_api_key")]
    [InlineData("GET", "/slots", "error.code", "invalid_api_key")]
    [InlineData("GET", "/nothing/of/ours", "error.code", "invalid_api_key")]
    public async Task Request_WithoutAKnownKey_Is401InItsProtocol(string method, string path, string member, string expected)
    {
        await using var stage = await StartAsync();
        foreach (var key in new[] { null, "Bearer not a key of anybody", "Basic 8J+YgA==", "Bearer " + OfBackend })
        {
            using var response = await SendAsync(stage, method, path, key);

            Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
            Assert.Equal("Bearer", response.Headers.WwwAuthenticate.ToString());
            Assert.NotNull(FakeStage.Header(response, "X-Bioproxy-Request-Id"));
            var body = JsonNode.Parse(await response.Content.ReadAsStringAsync().DefaultTimeout())!;
            Assert.Equal(expected, (string?)member.Split('.').Aggregate(body, static (node, name) => node[name]!));
        }

        Assert.DoesNotContain(stage.Backend.Requests, request => request.Target == path && request.Header("X-Client") is not null);
    }

    [Fact]
    public async Task OllamaRequest_WithoutAKey_Is401InOllamasForm()
    {
        await using var stage = await StartAsync();

        using var response = await SendAsync(stage, "POST", "/api/chat", null);

        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        var body = JsonNode.Parse(await response.Content.ReadAsStringAsync().DefaultTimeout())!;
        Assert.Contains("asks for an API key", (string?)body["error"], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Authorization", "Bearer " + Alice)]
    [InlineData("X-Api-Key", Alice)]
    [InlineData("Authorization", "Basic")]
    public async Task Request_WithAKey_IsServedAndTheKeyStopsHere(string header, string value)
    {
        await using var stage = await StartAsync();
        var sent = value == "Basic" ? $"Basic {Convert.ToBase64String(Encoding.UTF8.GetBytes($"me:{Alice}"))}" : value;
        using var request = FakeStage.Post(FakeStage.Chat("hi"));
        request.Headers.TryAddWithoutValidation(header, sent);
        request.Headers.TryAddWithoutValidation("Cookie", "bioproxy_admin=1.x");

        using var response = await stage.Client.SendAsync(request).DefaultTimeout();

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        var arrived = Assert.Single(stage.Chats);
        Assert.Equal(
            ("Bearer " + OfBackend, null, null), (arrived.Header("Authorization"), arrived.Header("X-Api-Key"), arrived.Header("Cookie")));
        Assert.DoesNotContain(stage.Backend.Requests, one => one.Headers.Any(pair => pair.Value.Contains(Alice, StringComparison.Ordinal)));
        Assert.DoesNotContain(response.Headers, pair => pair.Value.Any(text => text.Contains(OfBackend, StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Request_WhereKeysAreForwarded_TakesItsOwnAlong()
    {
        await using var stage = await StartAsync(options => options with { ForwardApiKey = true }, backendKey: Alice);
        using var request = FakeStage.Post(FakeStage.Chat("hi"));
        request.Headers.TryAddWithoutValidation("X-Api-Key", Alice);

        using var response = await stage.Client.SendAsync(request).DefaultTimeout();

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("Bearer " + Alice, Assert.Single(stage.Chats).Header("Authorization"));
    }

    [Fact]
    public async Task Health_AndPreflight_NeedNoKey()
    {
        await using var stage = await StartAsync(backendKey: null);
        using var preflight = new HttpRequestMessage(HttpMethod.Options, "/v1/chat/completions");
        preflight.Headers.Add("Origin", "http://localhost:5173");
        preflight.Headers.Add("Access-Control-Request-Method", "POST");

        using var health = await SendAsync(stage, "GET", "/health", null);
        using var withModel = await SendAsync(stage, "GET", "/health?model=x", null);
        using var answer = await stage.Client.SendAsync(preflight).DefaultTimeout();

        Assert.Equal(
            (HttpStatusCode.OK, HttpStatusCode.Unauthorized, true),
            (health.StatusCode, withModel.StatusCode, answer.StatusCode != HttpStatusCode.Unauthorized));
    }

    [Fact]
    public async Task Refusal_OfAPage_CanBeReadByIt()
    {
        await using var stage = await StartAsync();
        stage.Backend.Misbehave(
            asked => asked.Path == "/health" && asked.Header("Origin") is not null,
            new FakeMisbehaviour { Body = "{}", Headers = [("Access-Control-Allow-Origin", "http://localhost:5173")] });
        using var request = FakeStage.Post(FakeStage.Chat("hi"));
        request.Headers.Add("Origin", "http://localhost:5173");

        using var response = await stage.Client.SendAsync(request).DefaultTimeout();

        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        Assert.Equal("http://localhost:5173", FakeStage.Header(response, "Access-Control-Allow-Origin"));
    }

    [Theory]
    [InlineData("POST", "/v1/chat/completions", """{"model":"other","messages":[{"role":"user","content":"x"}]}""")]
    [InlineData("POST", "/v1/chat/completions", """{"messages":[{"role":"user","content":"x"}]}""")]
    [InlineData("POST", "/v1/messages", """{"model":"other","messages":[{"role":"user","content":"x"}]}""")]
    [InlineData("POST", "/tokenize", """{"model":"other","content":"x"}""")]
    [InlineData("GET", "/slots", "")]
    [InlineData("GET", "/", "")]
    [InlineData("POST", "/slots/0?action=erase", "")]
    [InlineData("POST", "/upstream/fast-1/v1/chat/completions", """{"model":"fast-1","messages":[{"role":"user","content":"x"}]}""")]
    public async Task Request_ForWhatTheKeyMayNotUse_Is403AndGoesNowhere(string method, string path, string body)
    {
        await using var stage = await StartAsync(options => WithAlice(options, key => key with { Models = ["fast-*"] }));

        using var response = await SendAsync(stage, method, path, "Bearer " + Alice, body);

        Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode);
        var error = await response.Content.ReadAsStringAsync().DefaultTimeout();
        Assert.Contains(path == "/v1/messages" ? "permission_error" : "permission_denied", error, StringComparison.Ordinal);
        Assert.Contains("'alice'", error, StringComparison.Ordinal);
        Assert.DoesNotContain(stage.Backend.Requests, request => request.Header("X-Client") is not null);
    }

    [Fact]
    public async Task Request_ForAnAllowedModelOrWithFullAccess_IsServed()
    {
        await using var stage = await StartAsync(
            options => WithAlice(options, key => key with { Models = ["fast-*", "fake-*"], HasFullAccess = true }));

        var body = FakeStage.Chat("x").Replace("\"m\"", "\"fast-1\"", StringComparison.Ordinal);
        using var chat = await SendAsync(stage, "POST", "/v1/chat/completions", "Bearer " + Alice, body);
        using var slots = await SendAsync(stage, "GET", "/slots", "Bearer " + Alice);

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK), (chat.StatusCode, slots.StatusCode));
    }

    [Theory]
    [InlineData("/v1/models", "fake-*", true)]
    [InlineData("/api/tags", "fake-*", true)]
    [InlineData("/api/tags", "other", false)]
    [InlineData("/api/ps", "other", false)]
    public async Task Models_OfAKey_AreTheOnlyOnesListed(string path, string models, bool isListed)
    {
        await using var stage = await StartAsync(options => WithAlice(options, key => key with { Models = [models] }));

        using var response = await SendAsync(stage, "GET", path, "Bearer " + Alice);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        var list = await response.Content.ReadAsStringAsync().DefaultTimeout();
        Assert.Equal(isListed, list.Contains("fake-model", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("/api/show")]
    [InlineData("/api/pull")]
    public async Task OllamaCall_OfAKeyWithOtherModels_IsRefused(string path)
    {
        await using var stage = await StartAsync(options => WithAlice(options, key => key with { Models = ["other"] }));

        using var response = await SendAsync(stage, "POST", path, "Bearer " + Alice, """{"model":"fake-model"}""");

        Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode);
        Assert.DoesNotContain(stage.Backend.Requests, request => request.Header("X-Client") is not null);
    }

    [Theory]
    [InlineData(2, null, "requests_per_minute", 30)]
    [InlineData(null, 1, "tokens_per_minute", 60)]
    public async Task Request_BeyondALimit_Is429WithTheTimeToWait(int? requests, int? tokens, string limit, int atLeast)
    {
        await using var stage = await StartAsync(options => WithAlice(
            options, key => key with { RequestsPerMinute = requests, TokensPerMinute = tokens }));
        using var first = await SendAsync(stage, "POST", "/v1/chat/completions", "Bearer " + Alice, FakeStage.Chat("some words"));
        await first.Content.ReadAsStringAsync().DefaultTimeout();
        await stage.WaitUntilIdleAsync();
        HttpResponseMessage? refused = null;
        for (var more = 0; more < 2; more++)
        {
            refused?.Dispose();
            refused = await SendAsync(stage, "POST", "/v1/messages", "Bearer " + Alice, FakeStage.Chat("some words", "\"max_tokens\":1,"));
        }

        using var last = refused!;
        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.TooManyRequests), (first.StatusCode, last.StatusCode));
        Assert.InRange(last.Headers.RetryAfter!.Delta!.Value.TotalSeconds, atLeast - 5, 3600);
        var error = await last.Content.ReadAsStringAsync().DefaultTimeout();
        Assert.Contains("rate_limit_error", error, StringComparison.Ordinal);
        Assert.Contains($"has used up its {limit}", error, StringComparison.Ordinal);

        using var other = await SendAsync(stage, "POST", "/v1/chat/completions", "Bearer " + Bob, FakeStage.Chat("some words"));
        Assert.Equal(HttpStatusCode.OK, other.StatusCode);
    }

    [Fact]
    public async Task Lane_OfAKey_IsWhereItsRequestsWait()
    {
        await using var stage = await StartAsync();
        var gate = new FakeGate();
        stage.Backend.Misbehave("/v1/chat/completions", new FakeMisbehaviour { Gate = gate });

        var running = SendAsync(stage, "POST", "/v1/chat/completions", "Bearer " + Bob, FakeStage.Chat("slow"));
        await stage.WaitForQueueAsync(queue => queue.BatchActive == 1, "the batch lane is in use");
        gate.Release();
        using var response = await running.DefaultTimeout();

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Fact]
    public async Task Conversations_OfTwoKeys_AreKeptApart()
    {
        await using var stage = await StartAsync();
        var text = string.Join(' ', Enumerable.Range(0, 600).Select(i => $"word{i}"));

        using var first = await SendAsync(stage, "POST", "/v1/chat/completions", "Bearer " + Alice, FakeStage.Chat(text));
        await first.Content.ReadAsStringAsync().DefaultTimeout();
        using var again = await SendAsync(stage, "POST", "/v1/chat/completions", "Bearer " + Alice, FakeStage.Chat(text));
        await again.Content.ReadAsStringAsync().DefaultTimeout();
        using var other = await SendAsync(stage, "POST", "/v1/chat/completions", "Bearer " + Bob, FakeStage.Chat(text));
        await other.Content.ReadAsStringAsync().DefaultTimeout();

        Assert.StartsWith("hot", FakeStage.Header(again, "X-Bioproxy-Cache"), StringComparison.Ordinal);
        Assert.StartsWith("cold", FakeStage.Header(other, "X-Bioproxy-Cache"), StringComparison.Ordinal);
    }

    private static ProxyOptions WithAlice(ProxyOptions options, Func<ApiKeyOptions, ApiKeyOptions> change) =>
        options with { ApiKeys = [change(options.ApiKeys[0]), .. options.ApiKeys.Skip(1)] };

    private Task<FakeStage> StartAsync(Func<ProxyOptions, ProxyOptions>? change = null, string? backendKey = OfBackend) =>
        FakeStage.StartAsync(output, new FakeBackendOptions { ApiKey = backendKey }, options =>
        {
            var keyed = options with
            {
                BackendApiKey = backendKey,
                ApiKeys =
                [
                    new("alice", KeyHash.OfKey(Alice)),
                    new("bob", KeyHash.OfKey(Bob)) { Lane = PromptLane.Batch },
                ],
            };
            return change?.Invoke(keyed) ?? keyed;
        });

    private static Task<HttpResponseMessage> SendAsync(FakeStage stage, string method, string path, string? key, string? body = null)
    {
        var request = new HttpRequestMessage(new HttpMethod(method), new Uri(stage.App.ProxyAddress, path));
        if (method == "POST")
            request.Content = FakeStage.Post(body ?? FakeStage.Chat("hi")).Content;
        request.Headers.Add("X-Client", "yes");
        if (key is not null)
            request.Headers.TryAddWithoutValidation("Authorization", key);
        return stage.Client.SendAsync(request).DefaultTimeout();
    }
}
