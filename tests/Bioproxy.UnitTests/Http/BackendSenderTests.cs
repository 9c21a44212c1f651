using System.Collections.Concurrent;
using System.Text;
using Bioproxy.Doubles;
using Bioproxy.Host.Configuration;
using Bioproxy.Host.Http;
using Bioproxy.Host.Security;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Bioproxy.UnitTests.Http;

public sealed class BackendSenderTests : IAsyncDisposable
{
    private readonly FakeBackend _backend = FakeBackend.Start();
    private readonly BackendSender _sender;

    public BackendSenderTests() => _sender = Sender(_backend.BaseAddress, TimeSpan.FromSeconds(50));

    public async ValueTask DisposeAsync()
    {
        _sender.Dispose();
        await _backend.DisposeAsync();
        Assert.Empty(_backend.Problems);
    }

    [Theory]
    [InlineData("/health")]
    [InlineData("/slots/0?action=save&x=%2F%2e%2E/../a//b")]
    [InlineData("/a%20b%C3%A4?q=%7B1%7D+2")]
    [InlineData("/?")]
    public async Task Send_Target_IsTheClientsOwnBytes(string target)
    {
        using var response = await SendAsync("GET", target);

        Assert.Equal(target, Assert.Single(_backend.Requests).Target);
    }

    [Theory]
    [InlineData("GET")]
    [InlineData("DELETE")]
    [InlineData("OPTIONS")]
    [InlineData("PATCH")]
    public async Task Send_Method_IsTheClients(string method)
    {
        using var response = await SendAsync(method, "/x");

        Assert.Equal(method, Assert.Single(_backend.Requests).Method);
    }

    [Fact]
    public async Task Send_Pieces_ArriveAsOneBodyOfTheirLength()
    {
        ReadOnlyMemory<byte>[] pieces = ["{\"a\":"u8.ToArray(), "\"ä\""u8.ToArray(), "}"u8.ToArray()];
        using var response = await SendAsync(
            "POST", "/tokenize", () => new PiecesContent(pieces, 10), r => r.ContentType = "application/json");

        var request = Assert.Single(_backend.Requests);
        Assert.Equal("{\"a\":\"ä\"}", request.Text);
        Assert.Equal(
            ("10", null, "application/json"),
            (request.Header("Content-Length"), request.Header("Transfer-Encoding"), request.Header("Content-Type")));
        Assert.Equal(_backend.BaseAddress.Authority, request.Header("Host"));
    }

    [Fact]
    public async Task Send_Answer_ComesWithItsHeadersBeforeItsBody()
    {
        using var gate = _backend.HoldGeneration(afterChunks: 2);
        using var response = await SendAsync("POST", "/completion", Body("""{"prompt":"x","stream":true}"""));
        await gate.Reached.DefaultTimeout();

        Assert.Equal("text/event-stream", response.Content.Headers.ContentType?.MediaType);
    }

    [Fact]
    public async Task Send_NobodyListens_IsUnreachable()
    {
        _backend.Kill();

        var failure = await FailAsync("GET", "/health");

        Assert.Equal((FailureKind.BackendUnreachable, 502), (failure.Kind, failure.Status));
        Assert.Contains("backend_url", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Send_ServerHadClosedTheReusedConnection_IsSentAgain()
    {
        await UseAConnectionAsync();
        _backend.Misbehave("/completion", FakeMisbehaviour.Of(FakeWire.CloseBeforeAnyByte));

        using var response = await SendAsync("POST", "/completion", Body("""{"prompt":"x"}"""));

        Assert.True(response.IsSuccessStatusCode);
        Assert.Equal([1, 1, 2], _backend.Requests.Select(r => r.Connection));
    }

    [Fact]
    public async Task Send_ServerClosesTheSecondToo_IsClosed()
    {
        await UseAConnectionAsync();
        _backend.Misbehave("/completion", FakeMisbehaviour.Of(FakeWire.CloseBeforeAnyByte));
        _backend.Misbehave("/completion", FakeMisbehaviour.Of(FakeWire.CloseBeforeAnyByte));

        Assert.Equal(FailureKind.BackendClosed, (await FailAsync("POST", "/completion", Body("""{"prompt":"x"}"""))).Kind);
        Assert.Equal(3, _backend.Requests.Count);
    }

    [Fact]
    public async Task Send_FreshConnectionClosed_IsNotSentAgain()
    {
        _backend.Misbehave("/completion", FakeMisbehaviour.Of(FakeWire.CloseBeforeAnyByte));

        Assert.Equal(FailureKind.BackendClosed, (await FailAsync("POST", "/completion", Body("""{"prompt":"x"}"""))).Kind);
        Assert.Single(_backend.Requests);
    }

    [Fact]
    public async Task Send_ClosedAfterTheHeaders_IsAnAnswerThatBreaks()
    {
        _backend.Misbehave("/health", FakeMisbehaviour.Of(FakeWire.CloseAfterHeaders));

        using var response = await SendAsync("GET", "/health");
        await Assert.ThrowsAnyAsync<HttpRequestException>(() => response.Content.ReadAsByteArrayAsync().DefaultTimeout());
    }

    [Fact]
    public async Task Send_ClientLeaves_IsGoneAndTheServerHears()
    {
        using var gate = new FakeGate();
        using var leaving = new CancellationTokenSource();
        _backend.Misbehave("/completion", FakeMisbehaviour.NeverAnswer(gate));
        var sending = _sender
            .SendAsync(Head("POST", "/completion"), Body("""{"prompt":"x"}"""), isRepeatable: true, leaving.Token)
            .DefaultTimeout();
        var request = await gate.Reached.DefaultTimeout();

        await leaving.CancelAsync();

        Assert.Equal(FailureKind.ClientGone, (await sending).Failure!.Kind);
        await request.Finished.DefaultTimeout();
        Assert.True(request.WasCancelled);
    }

    [Fact]
    public async Task Send_NoAnswerInTime_IsTimedOut()
    {
        using var sender = Sender(_backend.BaseAddress, TimeSpan.FromMilliseconds(50));
        using var gate = new FakeGate();
        _backend.Misbehave("/health", FakeMisbehaviour.NeverAnswer(gate));

        var (_, failure) = await sender.SendAsync(Head("GET", "/health"), null, isRepeatable: true, default).DefaultTimeout();

        Assert.Equal((FailureKind.BackendTimedOut, 504), (failure!.Kind, failure.Status));
    }

    [Fact]
    public async Task Send_ServerClosesEveryConnectionAfterItsAnswer_NoneFails()
    {
        // A request that waits for a connect may get a connection that another left, and which is dead by then: llama-server after
        // a stream.
        await using var server = new ClosingServer();
        using var sender = Sender(server.Address, TimeSpan.FromSeconds(50));
        var failures = new ConcurrentBag<ProxyFailure>();

        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(ClientAsync))).DefaultTimeout();

        Assert.Empty(failures);

        async Task ClientAsync()
        {
            for (var i = 0; i < 250; i++)
            {
                var isRepeatable = i % 5 > 0;
                var (response, failure) = await sender.SendAsync(Head("POST", "/x"), Body("""{"prompt":"x"}"""), isRepeatable, default);
                if (failure is not null)
                    failures.Add(failure);
                using (response)
                    await (response?.Content.ReadAsByteArrayAsync() ?? Task.FromResult<byte[]>([]));
            }
        }
    }

    [Fact]
    public async Task Send_HostTakesNoConnection_IsUnreachableAndNamesTheRightLimit()
    {
        using var full = new FullListener();
        var options = new ProxyOptions
        {
            BaseDirectory = "/",
            StateDirectory = "/",
            BackendUrl = full.Address,
            ResponseTimeout = TimeSpan.FromSeconds(50),
            ConnectTimeout = TimeSpan.FromMilliseconds(200),
        };
        using var sender = new BackendSender(options.DefaultBackend, options);

        var (_, failure) = await sender.SendAsync(Head("GET", "/health"), null, isRepeatable: true, default).DefaultTimeout();

        Assert.Equal((FailureKind.BackendUnreachable, 502), (failure!.Kind, failure.Status));
        Assert.Contains("timeouts.connect_seconds", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Send_Redirect_IsTheClientsBusiness()
    {
        _backend.Misbehave("/health", new FakeMisbehaviour { Status = 302, Headers = [("Location", "/other")] });

        using var response = await SendAsync("GET", "/health");

        Assert.Equal(302, (int)response.StatusCode);
    }

    [Theory]
    [InlineData(false, null, null, "Bearer of the client")] // keys are not checked: the client's goes on
    [InlineData(false, null, false, "Bearer of the backend")]
    [InlineData(true, null, null, "Bearer of the backend")]
    [InlineData(true, null, true, "Bearer known")]
    [InlineData(true, false, true, "Bearer of the backend")]
    [InlineData(true, true, false, "Bearer known")]
    public async Task Send_Key_IsTheClientsOnlyWhereItIsForwarded(bool isKnown, bool? forBackend, bool? forAll, string expected)
    {
        var options = new ProxyOptions { BaseDirectory = "/", StateDirectory = "/", ForwardApiKey = forAll };
        var backend = new BackendOptions("b", _backend.BaseAddress) { ApiKey = "of the backend", ForwardApiKey = forBackend };
        using var sender = new BackendSender(backend, options);
        var headers = new HeaderDictionary();
        if (!isKnown)
            headers["Authorization"] = "Bearer of the client";
        var key = new ApiKey(new ApiKeyOptions("alice", KeyHash.OfKey("known")), TimeProvider.System);
        var head = new RequestHead("GET", "/health", headers) { Key = isKnown ? new ClientKey(key, "known") : null };

        using var response = (await sender.SendAsync(head, null, isRepeatable: true, default).DefaultTimeout()).Response;

        Assert.Equal(expected, Assert.Single(_backend.Requests).Header("Authorization"));
    }

    [Fact]
    public async Task Send_BackendWithoutAKey_GetsNone()
    {
        var options = new ProxyOptions { BaseDirectory = "/", StateDirectory = "/", ForwardApiKey = false };
        using var sender = new BackendSender(new BackendOptions("b", _backend.BaseAddress), options);
        var headers = new HeaderDictionary { ["Authorization"] = "Bearer x", ["X-Api-Key"] = "x" };

        using var response = (await sender.SendAsync(new("GET", "/health", headers), null, isRepeatable: true, default)
            .DefaultTimeout()).Response;

        var request = Assert.Single(_backend.Requests);
        Assert.Equal((null, null), (request.Header("Authorization"), request.Header("X-Api-Key")));
    }

    [Fact]
    public async Task Send_TurnHeaderOfAClient_IsNotPassedOn()
    {
        using var response = await SendAsync("GET", "/health", null, request => request.Headers[TurnHeaders.Turn] = "x");

        Assert.Null(Assert.Single(_backend.Requests).Header(TurnHeaders.Turn));
    }

    [Fact]
    public async Task Send_ThroughAnotherProxy_HasItsTurnOrIsNotSent()
    {
        using var sender = Relayed();
        var headers = new HeaderDictionary { [TurnHeaders.Turn] = "of the client", ["X-Conversation-Id"] = "c" };
        var head = new RequestHead("GET", "/health", headers);

        var (_, unsent) = await sender.SendAsync(head, null, isRepeatable: true, default).DefaultTimeout();
        using var response = (await sender.SendAsync(head with { Turn = "granted" }, null, isRepeatable: true, default).DefaultTimeout())
            .Response;

        Assert.Equal(FailureKind.NotSupported, unsent?.Kind);
        var request = Assert.Single(_backend.Requests);
        Assert.Equal(("granted", null), (request.Header(TurnHeaders.Turn), request.Header("X-Conversation-Id")));
        Assert.Equal(200, (int)response!.StatusCode);
    }

    [Fact]
    public async Task Send_AnotherProxyRefuses_IsAServerThatDidNotAnswer()
    {
        using var sender = Relayed();
        _backend.Misbehave("/health", new FakeMisbehaviour { Status = 403, Headers = [(TurnHeaders.Refused, "the turn has ended")] });
        var head = new RequestHead("GET", "/health", new HeaderDictionary()) { Turn = "ended" };

        var (response, failure) = await sender.SendAsync(head, null, isRepeatable: true, default).DefaultTimeout();

        Assert.Null(response);
        Assert.Equal(FailureKind.BackendClosed, failure!.Kind);
        Assert.EndsWith("did not pass the request on: the turn has ended", failure.Message, StringComparison.Ordinal);
    }

    private BackendSender Relayed() => new(
        new BackendOptions("m1", _backend.BaseAddress),
        new ProxyOptions { BaseDirectory = "/", StateDirectory = "/" },
        relay: "10.0.0.2:11111");

    private static BackendSender Sender(Uri backend, TimeSpan limit)
    {
        var options = new ProxyOptions
        {
            BaseDirectory = "/",
            StateDirectory = "/",
            BackendUrl = backend,
            ResponseTimeout = limit,
            ConnectTimeout = TimeSpan.FromSeconds(5),
        };
        return new BackendSender(options.DefaultBackend, options);
    }

    private static Func<HttpContent> Body(string text) =>
        () => new PiecesContent([Encoding.UTF8.GetBytes(text)], Encoding.UTF8.GetByteCount(text));

    private static RequestHead Head(string method, string target) => RequestHead.Of(Request(method, target));

    private static HttpRequest Request(string method, string target)
    {
        var http = new DefaultHttpContext();
        http.Features.Get<IHttpRequestFeature>()!.RawTarget = target;
        http.Request.Method = method;
        return http.Request;
    }

    private async Task<HttpResponseMessage> SendAsync(
        string method, string target, Func<HttpContent>? body = null, Action<HttpRequest>? change = null)
    {
        var request = Request(method, target);
        change?.Invoke(request);
        var (response, failure) = await _sender.SendAsync(RequestHead.Of(request), body, isRepeatable: true, default).DefaultTimeout();
        Assert.Null(failure);
        return response!;
    }

    /// <summary>Leaves a connection in the pool.</summary>
    private async Task UseAConnectionAsync()
    {
        using var response = await SendAsync("GET", "/health");
        await response.Content.ReadAsByteArrayAsync().DefaultTimeout();
    }

    private async Task<ProxyFailure> FailAsync(string method, string target, Func<HttpContent>? body = null)
    {
        var (response, failure) = await _sender.SendAsync(Head(method, target), body, isRepeatable: true, default).DefaultTimeout();
        Assert.Null(response);
        return failure!;
    }
}
