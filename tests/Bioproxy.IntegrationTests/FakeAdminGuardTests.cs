using System.Net;
using System.Text.Json.Nodes;
using Bioproxy.Doubles;
using Bioproxy.Host.Configuration;
using Xunit.Abstractions;

namespace Bioproxy.IntegrationTests;

/// <summary>Who may use the admin port, and what a browser may be made to do there.</summary>
public sealed class FakeAdminGuardTests(ITestOutputHelper output)
{
    private const string Key = "the key of the admin";
    private const string Cookie = "bioproxy_admin";

    /// <summary>Sends what a test says, and nothing else.</summary>
    private static readonly HttpClient Bare = new(new SocketsHttpHandler
    {
        UseProxy = false,
        UseCookies = false,
        AllowAutoRedirect = false,
    });

    [Theory]
    [InlineData("localhost", 200)]
    [InlineData("LOCALHOST:1", 200)]
    [InlineData("127.0.0.1:8089", 200)]
    [InlineData("[::1]", 200)]
    [InlineData("bioproxy.localhost", 200)]
    [InlineData("evil.example", 421)]
    [InlineData("localhost.evil.example", 421)]
    [InlineData("127.0.0.1.evil.example", 421)]
    [InlineData("192.168.1.2", 421)]
    public async Task Host_OfAnotherName_IsRefusedOnThisMachine(string host, int expected)
    {
        await using var stage = await FakeStage.StartAsync(output);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/status");
        request.Headers.Host = host;

        using var response = await stage.Admin.SendAsync(request).DefaultTimeout();

        Assert.Equal(expected, (int)response.StatusCode);
    }

    [Fact]
    public async Task Answers_OfThePort_TellBrowsersToBeStrict()
    {
        await using var stage = await FakeStage.StartAsync(output);

        foreach (var path in new[] { "/", "/health", "/status", "/metrics", "/nothing" })
        {
            using var response = await stage.Admin.GetAsync(new Uri(path, UriKind.Relative)).DefaultTimeout();

            var policy = FakeStage.Header(response, "Content-Security-Policy")!;
            Assert.Contains("script-src 'self';", policy, StringComparison.Ordinal);
            Assert.Contains("frame-ancestors 'none'", policy, StringComparison.Ordinal);
            Assert.Equal("nosniff", FakeStage.Header(response, "X-Content-Type-Options"));
            Assert.Equal("same-origin", FakeStage.Header(response, "Referrer-Policy"));
        }
    }

    [Theory]
    [InlineData("/status")]
    [InlineData("/metrics")]
    [InlineData("/kv")]
    [InlineData("/token")]
    [InlineData("/explain/x")]
    public async Task Path_WithAnAdminKey_NeedsIt(string path)
    {
        await using var stage = await StartAsync();

        using var without = await SendAsync(stage, HttpMethod.Get, path);
        using var wrong = await SendAsync(stage, HttpMethod.Get, path, ("Authorization", "Bearer the key of the admim"));
        using var right = await SendAsync(stage, HttpMethod.Get, path, ("Authorization", "Bearer " + Key));
        using var elsewhere = await SendAsync(stage, HttpMethod.Get, path, ("X-Api-Key", Key), ("Host", "gateway.example"));

        Assert.Equal((HttpStatusCode.Unauthorized, HttpStatusCode.Unauthorized), (without.StatusCode, wrong.StatusCode));
        Assert.Contains("invalid_api_key", await without.Content.ReadAsStringAsync().DefaultTimeout(), StringComparison.Ordinal);
        Assert.DoesNotContain(right.StatusCode, new[] { HttpStatusCode.Unauthorized, HttpStatusCode.MisdirectedRequest });
        Assert.Equal(right.StatusCode, elsewhere.StatusCode);
    }

    [Fact]
    public async Task Health_WithAnAdminKey_IsForProbes()
    {
        await using var stage = await StartAsync();

        using var response = await SendAsync(stage, HttpMethod.Get, "/health");

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Fact]
    public async Task Browser_LogsInAndThenNeedsTheTokenToChangeAnything()
    {
        await using var stage = await StartAsync();
        using var form = await SendAsync(stage, HttpMethod.Get, "/", ("Accept", "text/html"));
        var page = await form.Content.ReadAsStringAsync().DefaultTimeout();
        Assert.Equal(HttpStatusCode.Unauthorized, form.StatusCode);
        Assert.Contains("<form method=\"post\" action=\"/login\">", page, StringComparison.Ordinal);
        Assert.DoesNotContain("<script", page, StringComparison.OrdinalIgnoreCase);

        using var refused = await LoginAsync(stage, "not the key", Origin(stage));
        using var foreign = await LoginAsync(stage, Key, "http://evil.example");
        using var entered = await LoginAsync(stage, Key, Origin(stage));
        Assert.Equal(
            (HttpStatusCode.Unauthorized, HttpStatusCode.Unauthorized, HttpStatusCode.SeeOther),
            (refused.StatusCode, foreign.StatusCode, entered.StatusCode));
        Assert.Null(FakeStage.Header(refused, "Set-Cookie"));
        var cookie = FakeStage.Header(entered, "Set-Cookie")!;
        Assert.Contains("samesite=strict", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("httponly", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain(Key, cookie, StringComparison.Ordinal);

        var session = ("Cookie", cookie.Split(';')[0]);
        using var status = await SendAsync(stage, HttpMethod.Get, "/status", session);
        using var made = await SendAsync(stage, HttpMethod.Get, "/status", ("Cookie", Cookie + "=99999999999.abc"));
        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.Unauthorized), (status.StatusCode, made.StatusCode));

        using var asked = await SendAsync(stage, HttpMethod.Get, "/token", session);
        var token = (string)JsonNode.Parse(await asked.Content.ReadAsStringAsync().DefaultTimeout())!["token"]!;
        using var bare = await SendAsync(stage, HttpMethod.Post, "/kv/gc", session);
        using var good = await SendAsync(stage, HttpMethod.Post, "/kv/gc", session, ("X-Bioproxy-Token", token), Here(stage));
        using var stolen = await SendAsync(
            stage, HttpMethod.Post, "/kv/gc", session, ("X-Bioproxy-Token", token), ("Origin", "http://evil.example"));
        Assert.Equal(
            (HttpStatusCode.Forbidden, HttpStatusCode.OK, HttpStatusCode.Forbidden),
            (bare.StatusCode, good.StatusCode, stolen.StatusCode));
        Assert.DoesNotContain(stage.Log, line => line.Contains(Key, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Page_WithoutAnAdminKey_NeedsTheTokenAndProgramsDoNot()
    {
        await using var stage = await FakeStage.StartAsync(output);

        using var program = await SendAsync(stage, HttpMethod.Post, "/kv/gc");
        using var foreign = await SendAsync(stage, HttpMethod.Post, "/kv/gc", ("Origin", "http://evil.example"));
        using var site = await SendAsync(stage, HttpMethod.Post, "/kv/gc", ("Sec-Fetch-Site", "same-site"));
        using var own = await SendAsync(stage, HttpMethod.Post, "/kv/gc", Here(stage), ("Sec-Fetch-Site", "same-origin"));
        var text = await stage.Admin.GetStringAsync(new Uri("/token", UriKind.Relative)).DefaultTimeout();
        var token = (string)JsonNode.Parse(text)!["token"]!;
        using var withToken = await SendAsync(
            stage, HttpMethod.Post, "/kv/gc", Here(stage), ("Sec-Fetch-Site", "same-origin"), ("X-Bioproxy-Token", token));

        Assert.Equal(HttpStatusCode.OK, program.StatusCode);
        Assert.All([foreign, site, own], response => Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode));
        Assert.Equal(HttpStatusCode.OK, withToken.StatusCode);
    }

    private Task<FakeStage> StartAsync() => FakeStage.StartAsync(
        output, new FakeBackendOptions(), options => options with { AdminKey = new AdminKeyOptions(KeyHash.OfKey(Key), Key) });

    private static string Origin(FakeStage stage) => stage.App.AdminAddress.GetLeftPart(UriPartial.Authority);

    private static (string, string) Here(FakeStage stage) => ("Origin", Origin(stage));

    private static async Task<HttpResponseMessage> LoginAsync(FakeStage stage, string key, string origin)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(stage.App.AdminAddress, "/login"));
        request.Content = new FormUrlEncodedContent([KeyValuePair.Create("key", key)]);
        request.Headers.Add("Origin", origin);
        return await Bare.SendAsync(request).DefaultTimeout();
    }

    private static async Task<HttpResponseMessage> SendAsync(
        FakeStage stage, HttpMethod method, string path, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, new Uri(stage.App.AdminAddress, path));
        if (method == HttpMethod.Post)
            request.Content = new ByteArrayContent([]) { Headers = { ContentType = new("application/json") } };
        foreach (var (name, value) in headers)
            request.Headers.TryAddWithoutValidation(name, value);
        return await Bare.SendAsync(request).DefaultTimeout();
    }
}
