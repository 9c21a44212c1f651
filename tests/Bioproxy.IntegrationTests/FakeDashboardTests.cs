using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using Bioproxy.Doubles;
using Bioproxy.Host.Configuration;
using Xunit.Abstractions;

namespace Bioproxy.IntegrationTests;

/// <summary>What the dashboard asks of the admin port, without a browser.</summary>
public sealed class FakeDashboardTests(ITestOutputHelper output)
{
    private const string AdminKey = "the key of the admin";
    private const string ClientKey = "the key of alice";

    [Fact]
    public async Task Root_AskedByABrowser_IsThePageUnderAStrictPolicy()
    {
        await using var stage = await FakeStage.StartAsync(output);

        using var page = await GetAsync(stage, "/", "text/html,application/xhtml+xml");
        using var text = await GetAsync(stage, "/", "*/*");

        Assert.Equal("text/html", page.Content.Headers.ContentType!.MediaType);
        Assert.Contains("default-src 'self'", FakeStage.Header(page, "Content-Security-Policy"), StringComparison.Ordinal);
        Assert.Equal("text/plain", text.Content.Headers.ContentType!.MediaType);
    }

    [Fact]
    public async Task File_AskedAgain_IsNotSentAgain()
    {
        await using var stage = await FakeStage.StartAsync(output);
        using var first = await GetAsync(stage, "/app/app.js", "*/*");
        Assert.Equal("text/javascript", first.Content.Headers.ContentType!.MediaType);

        using var again = new HttpRequestMessage(HttpMethod.Get, "/app/app.js");
        again.Headers.IfNoneMatch.Add(first.Headers.ETag!);
        using var second = await stage.Admin.SendAsync(again).WaitAsync(FakeStage.Limit);
        using var unknown = await GetAsync(stage, "/app/../index.html", "*/*");

        Assert.Equal(HttpStatusCode.NotModified, second.StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, unknown.StatusCode);
    }

    [Theory]
    [InlineData("/requests/cancel?id=x")]
    [InlineData("/kv/pin?file=x")]
    [InlineData("/templates/warm")]
    [InlineData("/cluster/10.0.0.6:11111/kv/pin?file=x")]
    [InlineData("/try/v1/chat/completions")]
    public async Task Change_WithoutTheToken_IsRefused(string path)
    {
        await using var stage = await FakeStage.StartAsync(output);
        var before = stage.Backend.Requests.Count(request => request.Is("POST", "/v1/chat/completions"));

        foreach (var token in new[] { null, "wrong" })
        {
            using var response = await PostAsync(stage, path, token, FakeStage.Chat("hello"));
            Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode);
        }

        Assert.Equal(before, stage.Backend.Requests.Count(request => request.Is("POST", "/v1/chat/completions")));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Cancel_RequestThatWaits_AnswersItsClient(bool isStream)
    {
        await using var stage = await FakeStage.StartAsync(output, new FakeBackendOptions { Slots = 1 });
        using var gate = stage.Backend.HoldGeneration(request => request.Text.Contains("first", StringComparison.Ordinal));
        var first = stage.AskAsync(FakeStage.Chat("first"));
        await gate.Reached.WaitAsync(FakeStage.Limit);
        var second = stage.SendAsync(FakeStage.Chat("second", isStream ? "\"stream\":true," : ""));
        await stage.WaitForQueueAsync(queue => queue.InteractiveWaiting == 1, "the second one waits");

        var waiting = (await StateAsync(stage))["requests"]!.AsArray().Single(one => (string)one!["stage"]! == "queued")!;
        using var cancelled = await PostAsync(stage, $"/requests/cancel?id={waiting["id"]}", await TokenAsync(stage));
        using var answer = await second;
        var error = await answer.Content.ReadFromJsonAsync<JsonNode>().WaitAsync(FakeStage.Limit);

        Assert.Equal(HttpStatusCode.OK, cancelled.StatusCode);
        Assert.Equal((499, "request_cancelled"), ((int)answer.StatusCode, (string)error!["error"]!["code"]!));
        gate.Release();
        await first;
        await stage.WaitUntilIdleAsync();
        using var unknown = await PostAsync(stage, "/requests/cancel?id=none", await TokenAsync(stage));
        Assert.Equal(HttpStatusCode.NotFound, unknown.StatusCode);
    }

    [Fact]
    public async Task Cancel_AnswerOnItsWay_FreesItsSlot()
    {
        await using var stage = await FakeStage.StartAsync(output, new FakeBackendOptions { Slots = 1 });
        using var gate = stage.Backend.HoldGeneration(request => request.Text.Contains("long", StringComparison.Ordinal), afterChunks: 2);
        using var answer = await stage.SendAsync(FakeStage.Chat("a long story", "\"stream\":true,"));
        await gate.Reached.WaitAsync(FakeStage.Limit);

        var id = FakeStage.Header(answer, "X-Bioproxy-Request-Id");
        using var cancelled = await PostAsync(stage, $"/requests/cancel?id={id}", await TokenAsync(stage));

        Assert.Equal(HttpStatusCode.OK, cancelled.StatusCode);
        await Assert.ThrowsAnyAsync<Exception>(() => answer.Content.ReadAsStringAsync()).WaitAsync(FakeStage.Limit);
        await stage.WaitUntilIdleAsync();
        var record = await RecordAsync(stage, id!);
        Assert.Equal((499, "request_cancelled"), (record.GetProperty("status").GetInt32(), record.GetProperty("error").GetString()));
    }

    [Fact]
    public async Task TryIt_Chat_GoesTheWayOfAnyClientWithoutTheAdminPortsHeaders()
    {
        await using var stage = await FakeStage.StartAsync(output);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/try/v1/chat/completions")
        {
            Content = FakeStage.Post(FakeStage.Chat("hello")).Content,
        };
        request.Headers.Add("X-Bioproxy-Token", await TokenAsync(stage));
        request.Headers.Add("Cookie", "admin=secret");
        request.Headers.Add("X-Bioproxy-Key", "mine");

        using var response = await stage.Admin.SendAsync(request).WaitAsync(FakeStage.Limit);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.NotNull(FakeStage.Header(response, "X-Bioproxy-Cache"));
        var arrived = Assert.Single(stage.Chats);
        Assert.Equal((null, null, null), (arrived.Header("X-Bioproxy-Token"), arrived.Header("Cookie"), arrived.Header("X-Bioproxy-Key")));
        using var other = await PostAsync(stage, "/try/v1/embeddings", await TokenAsync(stage));
        Assert.Equal(HttpStatusCode.MethodNotAllowed, other.StatusCode);
    }

    [Theory]
    [InlineData(null, 401)]
    [InlineData("the key of nobody", 401)]
    [InlineData(AdminKey, 401)]
    [InlineData(ClientKey, 200)]
    public async Task TryIt_WithApiKeys_NeedsOneThatStopsHere(string? key, int expected)
    {
        await using var stage = await FakeStage.StartAsync(output, new FakeBackendOptions(), static options => options with
        {
            AdminKey = new AdminKeyOptions(KeyHash.OfKey(AdminKey), AdminKey),
            ApiKeys = [new ApiKeyOptions("alice", KeyHash.OfKey(ClientKey))],
        });
        using var request = FakeStage.Post(FakeStage.Chat("hello"), "/try/v1/chat/completions");
        request.Headers.Add("Authorization", "Bearer " + AdminKey);
        if (key is not null)
            request.Headers.Add("X-Bioproxy-Key", key);

        using var response = await stage.Admin.SendAsync(request).DefaultTimeout();
        using var list = new HttpRequestMessage(HttpMethod.Get, "/requests");
        list.Headers.Add("Authorization", "Bearer " + AdminKey);
        using var listed = await stage.Admin.SendAsync(list).DefaultTimeout();
        var requests = JsonNode.Parse(await listed.Content.ReadAsStringAsync().DefaultTimeout())!["requests"]!.AsArray();

        Assert.Equal(expected, (int)response.StatusCode);
        Assert.Equal(expected == 200 ? 1 : 0, stage.Chats.Count);
        Assert.All(requests, one => Assert.NotEqual(401, (int)one!["status"]!)); // strangers do not fill the list
        Assert.DoesNotContain(stage.Backend.Requests, static one => one.Headers.Any(static pair =>
            pair.Value.Contains(AdminKey, StringComparison.Ordinal) || pair.Value.Contains(ClientKey, StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Request_Answered_IsInTheListAndInTheSavings()
    {
        await using var stage = await FakeStage.StartAsync(output);
        var (_, response) = await stage.AskAsync(FakeStage.Chat("hello"));
        var id = FakeStage.Header(response, "X-Bioproxy-Request-Id")!;

        var record = await RecordAsync(stage, id);

        Assert.Equal(200, record.GetProperty("status").GetInt32());
        Assert.Equal("interactive", record.GetProperty("lane").GetString());
        Assert.NotEqual(0, record.GetProperty("computed_tokens").GetInt32());
        await Eventually.TrueAsync(
            async () => (await JsonAsync(stage, "/savings?window=hour")).GetProperty("total").GetProperty("requests").GetInt32() == 1,
            FakeStage.Limit,
            "the request is in the history");
    }

    private static async Task<HttpResponseMessage> GetAsync(FakeStage stage, string path, string accept)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.TryAddWithoutValidation("Accept", accept);
        return await stage.Admin.SendAsync(request).WaitAsync(FakeStage.Limit);
    }

    private static async Task<HttpResponseMessage> PostAsync(FakeStage stage, string path, string? token, string body = "{}")
    {
        using var request = FakeStage.Post(body, path);
        request.Headers.Add("Origin", stage.App.AdminAddress.GetLeftPart(UriPartial.Authority)); // as every browser
        if (token is not null)
            request.Headers.Add("X-Bioproxy-Token", token);
        return await stage.Admin.SendAsync(request).WaitAsync(FakeStage.Limit);
    }

    private static async Task<string> TokenAsync(FakeStage stage) => (await JsonAsync(stage, "/token")).GetProperty("token").GetString()!;

    private static async Task<JsonElement> JsonAsync(FakeStage stage, string path)
    {
        using var document = JsonDocument.Parse(
            await stage.Admin.GetStringAsync(new Uri(path, UriKind.Relative)).WaitAsync(FakeStage.Limit));
        return document.RootElement.Clone();
    }

    private static async Task<JsonElement> RecordAsync(FakeStage stage, string id)
    {
        JsonElement? found = null;
        await Eventually.TrueAsync(
            async () =>
            {
                var list = (await JsonAsync(stage, "/requests")).GetProperty("requests").EnumerateArray();
                found = list.Where(one => one.GetProperty("id").GetString() == id).Select(static one => (JsonElement?)one).FirstOrDefault();
                return found is not null;
            },
            FakeStage.Limit,
            $"{id} is in the list");
        return found!.Value;
    }

    /// <summary>The first event of the page's stream.</summary>
    private static async Task<JsonNode> StateAsync(FakeStage stage)
    {
        using var response = await stage.Admin.GetAsync(new Uri("/events", UriKind.Relative), HttpCompletionOption.ResponseHeadersRead)
            .WaitAsync(FakeStage.Limit);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync());
        while (await reader.ReadLineAsync().WaitAsync(FakeStage.Limit) is { } line)
        {
            if (line.StartsWith("data: ", StringComparison.Ordinal))
                return JsonNode.Parse(line["data: ".Length..])!;
        }

        throw new InvalidOperationException("The stream ended.");
    }
}
