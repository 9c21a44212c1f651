using System.Net;
using System.Text;
using Bioproxy.Cluster.Messages;
using Bioproxy.Doubles;
using Bioproxy.Host.Cluster;
using Bioproxy.Host.Cluster.Pools;
using Bioproxy.Host.Http;
using Bioproxy.UnitTests.Models;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging.Abstractions;

namespace Bioproxy.UnitTests.Cluster.Pools;

/// <summary>A proxy that passes on what another one sends to a server of its pool.</summary>
public sealed class TurnRelayTests : IAsyncDisposable
{
    private const string Guest = "10.0.0.2:11111";
    private const string Model = "default";

    private readonly FakeBackend _backend = FakeBackend.Start();
    private readonly ModelFixture _pooled;
    private readonly ModelFixture _other = new();
    private readonly SharedServer _pool = new("pool@10.0.0.1:11111", "10.0.0.1:11111", new DirectLink()) { IsPool = true };
    private readonly SharedServer _server = new("10.0.0.9:8081", "10.0.0.1:11111", new DirectLink());
    private readonly ServerOwner _owner;
    private readonly TurnRelay _relay;

    public TurnRelayTests()
    {
        _pooled = new ModelFixture(options => options with { BackendUrl = _backend.BaseAddress });
        _pool.Add(_pooled.Model);
        _server.Add(_other.Model);
        _owner = Own(_pool);
        _relay = new TurnRelay(_pool.ModelOf, _pooled.Options, TimeProvider.System, NullLogger<TurnRelay>.Instance);
    }

    public async ValueTask DisposeAsync()
    {
        await _pooled.DisposeAsync();
        await _other.DisposeAsync();
        await _backend.DisposeAsync();
    }

    [Fact]
    public async Task Handle_TurnIsHeld_BytesPassUntouchedBothWays()
    {
        const string Body = " { \"content\" : \"\\u00e4 \\\"x\",\n\"content\":\"y\",  \"id_slot\":1 }\r\n";
        const string Answer = "{ \"tokens\" : [1,\t2] }\n";
        _backend.Misbehave("/tokenize", new FakeMisbehaviour { Status = 203, Body = Answer, Headers = [("X-Of-The-Server", "caf\u00e9")] });
        var turn = await TakeAsync(_owner, Model);

        var answer = await SendAsync($"{turn:n}", Body);

        var request = Assert.Single(_backend.Requests);
        Assert.Equal((Body, null, "of the client"), (request.Text, request.Header(TurnHeaders.Turn), request.Header("X-Other")));
        Assert.Equal((203, Answer, "caf\u00e9"), (answer.Status, answer.Received, (string?)answer.Headers["X-Of-The-Server"]));
        Assert.False(answer.Headers.ContainsKey(TurnHeaders.Refused));
        Assert.Equal(1, _pooled.Queue.View.Used); // the turn's, which goes on
    }

    [Theory]
    [InlineData("")]
    [InlineData("nonsense")]
    [InlineData("00000000000000000000000000000000")]
    [InlineData("{0}")]
    public async Task Handle_NotATurn_OpensNothing(string text)
    {
        var turn = await TakeAsync(_owner, Model);

        // As it may be written elsewhere: with dashes it is not what proxies send.
        var answer = await SendAsync(string.Format(System.Globalization.CultureInfo.InvariantCulture, text, turn), "{}");

        AssertRefused(answer, 403);
    }

    [Fact]
    public async Task Handle_TurnHasEnded_OpensNothing()
    {
        var turn = await TakeAsync(_owner, Model);
        _owner.End(turn, new TurnOutcome());

        AssertRefused(await SendAsync($"{turn:n}", "{}"), 403);
    }

    [Fact]
    public async Task Handle_ProxyThatHeldTheTurnIsDead_OpensNothing()
    {
        var turn = await TakeAsync(_owner, Model);
        _owner.Lost(Guest);

        AssertRefused(await SendAsync($"{turn:n}", "{}"), 403);
    }

    [Fact]
    public async Task Handle_TurnAtAServerThatAllReach_OpensNothing()
    {
        await _other.StartAsync();
        var turn = await TakeAsync(Own(_server), model: null);

        AssertRefused(await SendAsync($"{turn:n}", "{}"), 403);
    }

    [Fact]
    public async Task Handle_CallWithoutASlot_PassesUntilItHasEnded()
    {
        var turn = await TakeAsync(_owner, Model, weight: 0);
        Assert.Equal(0, _pooled.Queue.View.Used);

        Assert.Equal(200, (await SendAsync($"{turn:n}", """{"content":"x"}""")).Status);
        _owner.End(turn, new TurnOutcome { IsComplete = true });

        AssertRefused(await SendAsync($"{turn:n}", """{"content":"x"}"""), 403, sent: 1);
    }

    [Fact]
    public async Task Handle_ServerIsGone_SaysThatItWasNotPassedOn()
    {
        var turn = await TakeAsync(_owner, Model);
        _backend.Kill();

        AssertRefused(await SendAsync($"{turn:n}", "{}"), 502);
    }

    [Fact]
    public async Task Handle_ServerBreaksOff_IsNoCleanEnd()
    {
        var turn = await TakeAsync(_owner, Model);
        _backend.Misbehave("/tokenize", FakeMisbehaviour.Of(FakeWire.ContentLengthTooLarge));

        var answer = await SendAsync($"{turn:n}", """{"content":"x"}""");

        Assert.True(answer.IsAborted);
    }

    [Fact]
    public async Task Handle_StateIsChangedByTheOtherProxy_IsNotBelievedAnyMore()
    {
        await _pooled.StartAsync();
        var known = _pooled.Instance;
        var turn = await TakeAsync(_owner, Model, weight: 0);

        await SendAsync($"{turn:n}", "{}", "/props");

        Assert.NotSame(known, _pooled.Instance);
    }

    [Fact]
    public async Task Pool_IsGivenUp_WhatIsKnownOfItsSlotsStays()
    {
        var turn = await TakeAsync(_owner, Model);
        var known = _pooled.Instance;

        await _owner.DisposeAsync();

        Assert.Same(known, _pooled.Instance);
        Assert.True(_pooled.Model.IsOwned); // its own clients do not need the cluster
        AssertRefused(await SendAsync($"{turn:n}", "{}"), 403);
    }

    private static ServerOwner Own(SharedServer server)
    {
        var owner = new ServerOwner(server, NullLogger<ServerOwner>.Instance);
        server.Take(owner);
        return owner;
    }

    private async Task<Guid> TakeAsync(ServerOwner owner, string? model, int weight = 1)
    {
        await _pooled.StartAsync();
        var turn = TurnMessages.NewTurn();
        var answer = await owner.TakeAsync(new TurnRequest { Turn = turn, Proxy = Guest, Model = model, Weight = weight }, default)
            .DefaultTimeout();
        Assert.NotNull(answer.Placement);
        return turn;
    }

    private void AssertRefused(RelayAnswer answer, int status, int sent = 0)
    {
        Assert.Equal(status, answer.Status);
        Assert.True(answer.Headers.ContainsKey(TurnHeaders.Refused));
        Assert.Equal(sent, _backend.Requests.Count);
    }

    private async Task<RelayAnswer> SendAsync(string turn, string body, string path = "/tokenize")
    {
        using var received = new MemoryStream();
        var http = new DefaultHttpContext();
        var life = new Life();
        http.Features.Set<IHttpRequestLifetimeFeature>(life);
        http.Request.Method = "POST";
        http.Request.Path = path;
        http.Request.Body = new MemoryStream(Encoding.UTF8.GetBytes(body));
        http.Request.ContentLength = http.Request.Body.Length;
        http.Request.ContentType = "application/json";
        http.Request.Headers["X-Other"] = "of the client";
        http.Request.Headers[TurnHeaders.Turn] = turn;
        http.Response.Body = received;
        Assert.True(TurnRelay.IsMeant(http));
        await _relay.HandleAsync(http).DefaultTimeout();
        return new(http.Response.StatusCode, Encoding.UTF8.GetString(received.ToArray()), http.Response.Headers, life.IsAborted);
    }

    private sealed record RelayAnswer(int Status, string Received, IHeaderDictionary Headers, bool IsAborted);

    private sealed class Life : IHttpRequestLifetimeFeature
    {
        public bool IsAborted { get; private set; }

        public CancellationToken RequestAborted { get; set; }

        public void Abort() => IsAborted = true;
    }
}
