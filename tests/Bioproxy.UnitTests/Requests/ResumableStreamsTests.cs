using Bioproxy.Doubles;
using Bioproxy.Host.Configuration;
using Bioproxy.Host.Http;
using Bioproxy.Host.Requests;
using Microsoft.AspNetCore.Http;

namespace Bioproxy.UnitTests.Requests;

public sealed class ResumableStreamsTests : IAsyncDisposable
{
    private static readonly ProxyFailure Left = new(FailureKind.ClientGone, "The client left.");

    private readonly FakeBackend _backend = FakeBackend.Start();
    private readonly TestClock _time = new();
    private readonly ProxyOptions _options = new()
    {
        BaseDirectory = "/",
        StateDirectory = "/state",
        ResumeTimeout = TimeSpan.FromMinutes(2),
    };
    private readonly BackendSender _sender;
    private readonly ResumableStreams _streams;

    public ResumableStreamsTests()
    {
        _sender = new BackendSender(new BackendOptions("default", _backend.BaseAddress), _options);
        _streams = new ResumableStreams(_options, _time);
    }

    [Fact]
    public async Task Ended_ClientStaysAway_TheBackendIsToldToStop()
    {
        var told = _backend.NextAsync("DELETE", "/v1/stream");
        _streams.Ended("a/b", Left, _sender, Head(new HeaderDictionary { ["Authorization"] = "Bearer me" }));

        _time.Advance(TimeSpan.FromSeconds(119));
        Assert.Equal(1, _streams.Waiting);
        _time.Advance(TimeSpan.FromSeconds(2));

        var request = await told.DefaultTimeout();
        Assert.Equal(("/v1/stream?conv_id=a%2Fb", "Bearer me"), (request.Target, request.Header("Authorization")));
        Assert.Equal(0, _streams.Waiting);
    }

    [Fact]
    public void Ended_ClientComesBack_NothingIsWatchedAnyMore()
    {
        _streams.Ended("a", Left, _sender, Head(new HeaderDictionary()));

        _streams.Begun("a");

        Assert.Equal(0, _streams.Waiting);
    }

    /// <summary>The new connection may come before the loss of the old one is noticed.</summary>
    [Fact]
    public async Task Ended_AnotherConnectionReadsIt_TheBackendIsNotTold()
    {
        _streams.Opened("a");
        _streams.Ended("a", Left, _sender, Head(new HeaderDictionary()));
        _time.Advance(TimeSpan.FromMinutes(3));
        _streams.Closed("a");
        var told = _backend.NextAsync("DELETE", "/v1/stream");

        _streams.Ended("a", Left, _sender, Head(new HeaderDictionary()));
        _time.Advance(TimeSpan.FromMinutes(3));

        Assert.Equal("/v1/stream?conv_id=a", (await told.DefaultTimeout()).Target);
        Assert.Single(_backend.Requests, request => request.Method == "DELETE");
    }

    [Fact]
    public void Ended_Otherwise_NothingIsWatched()
    {
        _streams.Ended("a", null, _sender, Head(new HeaderDictionary()));
        _streams.Ended("b", new ProxyFailure(FailureKind.BackendClosed, "x"), _sender, Head(new HeaderDictionary()));
        _streams.Ended(null, Left, _sender, Head(new HeaderDictionary()));

        Assert.Equal(0, _streams.Waiting);
    }

    [Theory]
    [InlineData("GET", "/v1/stream?conv_id=a%20b&from=3", "a b")]
    [InlineData("GET", "/llama/v1/stream?from=3&conv_id=x", "x")]
    [InlineData("GET", "/v1/stream", null)]
    [InlineData("GET", "/v1/streams/lookup?conv_id=x", null)]
    [InlineData("DELETE", "/v1/stream?conv_id=x", null)]
    public void Conversation_OfARequest_IsTheOneItResumes(string method, string target, string? expected) =>
        Assert.Equal(expected, ResumableStreams.ConversationOf(new RequestHead(method, target, new HeaderDictionary())));

    public async ValueTask DisposeAsync()
    {
        _sender.Dispose();
        await _backend.DisposeAsync();
    }

    private static RequestHead Head(HeaderDictionary headers) => new("POST", "/v1/chat/completions", headers);
}
