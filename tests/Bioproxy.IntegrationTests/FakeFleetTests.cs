using System.Net;
using System.Text.Json.Nodes;
using Bioproxy.Doubles;
using Bioproxy.Host.Backends;
using Bioproxy.Host.Configuration;
using Xunit.Abstractions;

namespace Bioproxy.IntegrationTests;

/// <summary>Two backends, one of which misbehaves.</summary>
public sealed class FakeFleetTests(ITestOutputHelper output) : IAsyncLifetime
{
    private const string Chat = "/v1/chat/completions";

    private readonly FakeBackend _one = FakeBackend.Start(new FakeBackendOptions { Slots = 2, AnswerTokens = 8 });
    private readonly FakeBackend _two = FakeBackend.Start(new FakeBackendOptions { Slots = 2, AnswerTokens = 8 });
    private FakeStage? _stage;

    public Task InitializeAsync() => StartAsync(static options => options);

    public async Task DisposeAsync()
    {
        await _stage!.DisposeAsync();
        await _one.DisposeAsync();
        await _two.DisposeAsync();
    }

    [Theory]
    [InlineData("closes")]
    [InlineData("503")]
    [InlineData("is gone")]
    public async Task Chat_FirstPlaceFails_IsAnsweredByTheOther(string failure)
    {
        var (fails, other) = await NextAsync();
        switch (failure)
        {
            case "closes":
                fails.Misbehave(Chat, FakeMisbehaviour.Of(FakeWire.CloseBeforeAnyByte));
                fails.Misbehave(Chat, FakeMisbehaviour.Of(FakeWire.CloseBeforeAnyByte)); // it is asked twice: the connection might be stale
                break;
            case "503":
                fails.Misbehave(Chat, new FakeMisbehaviour { Status = 503, Body = "{}" });
                break;
            default:
                fails.Kill();
                break;
        }

        using var response = await AskAsync("hello");

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(other, TestProxy.Header(response, "X-Bioproxy-Backend"));
        if (failure != "is gone") // which the proxy may have noticed by itself
        {
            Assert.Equal("2", TestProxy.Header(response, "X-Bioproxy-Attempts"));
            Assert.Contains(_stage!.Log, line => line.Contains($"failed, trying {other}", StringComparison.Ordinal));
        }

        await AssertNothingIsOwnedAsync();
    }

    private async Task StartAsync(Func<ProxyOptions, ProxyOptions> change)
    {
        _stage = await FakeStage.StartAsync(output, _one.BaseAddress, options => change(options with
        {
            Backends = [new BackendOptions("one", _one.BaseAddress), new BackendOptions("two", _two.BaseAddress)],
            Models = [new ModelOptions("m", [new("one", null), new("two", null)], [])],
            QueueKeepAlive = TimeSpan.FromMilliseconds(100),
        }));
        await _stage.WaitUntilAllKnownAsync();
    }

    /// <summary>Of equally good places the less busy one is asked next: not the one that has just answered.</summary>
    private async Task<(FakeBackend Next, string OtherName)> NextAsync()
    {
        using var response = await AskAsync("somebody else asks");
        var answered = TestProxy.Header(response, "X-Bioproxy-Backend")!;
        return (answered == "one" ? _two : _one, answered);
    }

    /// <summary>The client got comments while it waited: the other server's answer follows in the same stream.</summary>
    [Theory]
    [InlineData(false, "data: [DONE]\n\n")]
    [InlineData(true, "data: {\"error\":{\"message\":\"full\"}}\n\n")]
    public async Task Stream_FirstPlaceFailsAfterAWait_ContinuesWithTheOther(bool bothFail, string end)
    {
        using var first = _one.HoldGeneration(r => r.Text.Contains("holder", StringComparison.Ordinal));
        using var second = _two.HoldGeneration(r => r.Text.Contains("holder", StringComparison.Ordinal));
        var holders = new List<Task<HttpResponseMessage>>();
        while (holders.Count < 4)
        {
            holders.Add(AskAsync("holder")); // one after the other: each sees where those before it are
            await Eventually.TrueAsync(
                () => _stage!.App.Models.All.Sum(model => model.Queue.View.Used) == holders.Count, FakeStage.Limit, "it holds a slot");
        }
        using var request = FakeStage.Post(FakeStage.Chat("patient", "\"stream\":true,"));
        using var response = await _stage!.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead).DefaultTimeout();
        var waits = _stage.App.Models.All.Single(model => model.Queue.View.InteractiveWaiting == 1).Backend.Name;
        foreach (var backend in new[] { _one, _two }.Where(backend => bothFail || backend == (waits == "one" ? _one : _two)))
        {
            backend.Misbehave(
                r => r.Text.Contains("patient", StringComparison.Ordinal),
                new FakeMisbehaviour { Status = 503, Body = "{\"error\":{\"message\":\"full\"}}" });
        }

        first.Release();
        second.Release();
        var text = await response.Content.ReadAsStringAsync().DefaultTimeout();

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.StartsWith(": waiting for a slot", text, StringComparison.Ordinal);
        Assert.EndsWith(end, text, StringComparison.Ordinal);
        Assert.Equal(bothFail, text.Contains("\"error\"", StringComparison.Ordinal));
        foreach (var holder in await Task.WhenAll(holders).DefaultTimeout())
            holder.Dispose();
        await AssertNothingIsOwnedAsync();
    }

    [Fact]
    public async Task Chat_BothFail_TheLastFailureIsTheAnswer()
    {
        foreach (var backend in new[] { _one, _two })
            backend.Misbehave(Chat, new FakeMisbehaviour { Status = 503, Body = "{\"error\":{\"message\":\"full\"}}" });

        using var response = await AskAsync("hello");

        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.Contains("full", await response.Content.ReadAsStringAsync().DefaultTimeout(), StringComparison.Ordinal);
        await AssertNothingIsOwnedAsync();
    }

    [Fact]
    public async Task Chat_QueueOfTheBestPlaceIsFull_TheNextOneIsAsked()
    {
        await _stage!.DisposeAsync();
        await StartAsync(static options => options with { QueueMaxLength = 0 });
        using var first = _one.HoldGeneration(request => request.Text.Contains("holder", StringComparison.Ordinal));
        using var second = _two.HoldGeneration(request => request.Text.Contains("holder", StringComparison.Ordinal));
        var holders = Enumerable.Range(0, 4).Select(number => AskAsync($"holder {number}")).ToList(); // two slots each
        await Eventually.TrueAsync(
            () => _stage.App.Models.All.All(static model => model.Queue.View.Used == 2), FakeStage.Limit, "all slots are at work");

        using var response = await AskAsync("hello");

        Assert.Equal((429, "2"), ((int)response.StatusCode, TestProxy.Header(response, "X-Bioproxy-Attempts")));
        first.Release();
        second.Release();
        foreach (var holder in holders)
            (await holder).Dispose();
    }

    [Fact]
    public async Task Chat_BreaksOffAfterItsFirstByte_IsNotTriedAgain()
    {
        foreach (var backend in new[] { _one, _two }) // whichever is asked: recognising them made one of them busier
            backend.Misbehave(Chat, FakeMisbehaviour.Of(FakeWire.CloseMidChunk, afterChunks: 4));

        await Assert.ThrowsAnyAsync<Exception>(() => AskAsync("hello", isStream: true));

        Assert.Single(_one.Requests.Concat(_two.Requests), request => request.Is("POST", Chat));
        await AssertNothingIsOwnedAsync();
    }

    [Fact]
    public async Task Metrics_SeveralBackends_AreLabelled()
    {
        using var response = await AskAsync("hello");
        var place = TestProxy.Header(response, "X-Bioproxy-Backend");

        var metrics = await _stage!.Admin.GetStringAsync(new Uri("/metrics", UriKind.Relative)).DefaultTimeout();
        var status = JsonNode.Parse(await _stage.Admin.GetStringAsync(new Uri("/status", UriKind.Relative)).DefaultTimeout())!;

        Assert.Matches($"bioproxy_requests_total\\{{[^}}]*backend=\"{place}\"[^}}]*status=\"200\"", metrics);
        Assert.Contains("bioproxy_backend_up{backend=\"two\"", metrics, StringComparison.Ordinal);
        Assert.Equal(["one", "two"], status["models"]!.AsArray().Select(model => (string)model!["backend_name"]!));
        var explanation = JsonNode.Parse(await _stage.Admin.GetStringAsync(
            new Uri($"/explain/{TestProxy.Header(response, "X-Bioproxy-Request-Id")}", UriKind.Relative)).DefaultTimeout())!;
        Assert.Equal(["one", "two"], explanation["candidates"]!.AsArray().Select(one => (string)one!["backend"]!).Order());
        Assert.All(explanation["candidates"]!.AsArray(), one => Assert.Equal(
            ["backend", "model", "wait_seconds", "load_seconds", "prompt_seconds", "eviction_seconds"],
            one!.AsObject().Select(member => member.Key)));
    }

    private async Task<HttpResponseMessage> AskAsync(string text, bool isStream = false)
    {
        using var request = FakeStage.Post(FakeStage.Chat(text, isStream ? "\"stream\":true," : ""));
        return await _stage!.Client.SendAsync(request).WaitAsync(FakeStage.Limit);
    }

    private Task AssertNothingIsOwnedAsync() => Eventually.TrueAsync(
        () => _stage!.App.Models.All.All(model => model.Queue.View.Used == 0), FakeStage.Limit, "every lease came back");
}
