using System.Net;
using Bioproxy.Doubles;
using Xunit.Abstractions;

namespace Bioproxy.IntegrationTests;

/// <summary>Pages of other origins can read what the proxy itself answers.</summary>
public sealed class FakeCrossOriginTests(ITestOutputHelper output)
{
    private const string Origin = "http://localhost:5173";
    private const string AllowOrigin = "Access-Control-Allow-Origin";

    [Theory]
    [InlineData("https://chat.example")]
    [InlineData("*")]
    [InlineData(null)]
    public async Task Failure_OfTheProxy_CarriesWhatTheBackendSendsThisOrigin(string? allowed)
    {
        await using var stage = await FakeStage.StartAsync(output);
        stage.Backend.Misbehave(
            request => request.Path == "/health" && request.Header("Origin") == Origin,
            new FakeMisbehaviour { Body = "{}", Headers = allowed is null ? [] : [(AllowOrigin, allowed)] });

        using var response = await SendAsync(stage, "{}", lane: "nonsense");

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal(allowed ?? "", FakeStage.Header(response, AllowOrigin));
        Assert.Contains("X-Bioproxy-Request-Id", FakeStage.Header(response, "Access-Control-Expose-Headers"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Failures_OfOneOrigin_AskTheBackendOnce()
    {
        await using var stage = await FakeStage.StartAsync(output);

        using var first = await SendAsync(stage, "{}", lane: "nonsense");
        using var second = await SendAsync(stage, "{}", lane: "nonsense");

        Assert.Single(stage.Backend.Requests, request => request.Header("Origin") == Origin);
    }

    [Fact]
    public async Task Failure_BackendIsNotThere_IsReadable()
    {
        await using var stage = await FakeStage.StartAsync(output);
        stage.Backend.Kill();

        using var preflight = await SendAsync(stage, "", "OPTIONS");
        using var response = await SendAsync(stage, FakeStage.Chat("hi"));

        Assert.Equal((HttpStatusCode.NoContent, Origin), (preflight.StatusCode, FakeStage.Header(preflight, AllowOrigin)));
        Assert.Equal("*", FakeStage.Header(preflight, "Access-Control-Allow-Headers"));
        Assert.Equal((HttpStatusCode.BadGateway, Origin), (response.StatusCode, FakeStage.Header(response, AllowOrigin)));
    }

    [Fact]
    public async Task Answer_OfTheBackend_KeepsItsHeadersAndExposesOurs()
    {
        await using var stage = await FakeStage.StartAsync(output);
        stage.Backend.Misbehave("/v1/chat/completions", new FakeMisbehaviour
        {
            Body = "{}",
            Headers = [(AllowOrigin, "https://other.example"), ("Access-Control-Expose-Headers", "X-Theirs")],
        });

        using var response = await SendAsync(stage, FakeStage.Chat("hi"));

        Assert.Equal("https://other.example", FakeStage.Header(response, AllowOrigin));
        var exposed = string.Join(", ", response.Headers.GetValues("Access-Control-Expose-Headers"));
        Assert.StartsWith("X-Theirs, ", exposed, StringComparison.Ordinal);
        Assert.Contains("X-Bioproxy-Cache", exposed, StringComparison.Ordinal);
        Assert.DoesNotContain(stage.Backend.Requests, request => request.Path == "/health" && request.Header("Origin") == Origin);
    }

    [Fact]
    public async Task Answer_WithoutAnOrigin_HasNoneOfThis()
    {
        await using var stage = await FakeStage.StartAsync(output);

        using var response = await stage.SendAsync("nonsense");

        Assert.DoesNotContain(response.Headers, header => header.Key.StartsWith("Access-Control-", StringComparison.OrdinalIgnoreCase));
    }

    private static Task<HttpResponseMessage> SendAsync(FakeStage stage, string body, string method = "POST", string? lane = null)
    {
        var request = FakeStage.Post(body);
        request.Method = new HttpMethod(method);
        request.Headers.Add("Origin", Origin);
        if (lane is not null)
            request.Headers.Add("X-Bioproxy-Lane", lane);
        request.Headers.Add("Access-Control-Request-Method", "POST");
        return stage.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead).WaitAsync(FakeStage.Limit);
    }
}
