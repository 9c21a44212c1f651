using System.Diagnostics.Metrics;
using Bioproxy.Doubles;
using Bioproxy.Host.Backends;
using Bioproxy.Host.Configuration;

namespace Bioproxy.UnitTests.Requests;

/// <summary>Every exit of the path: what the client gets, and that nothing of the request stays behind.</summary>
public sealed class RequestPathTests
{
    private const string Completions = "/v1/chat/completions";
    private static readonly string Long = new('a', 4000);

    /// <summary>Exits by name: what is set up, what is sent, the status, and a part of what the client receives.</summary>
    private static readonly Dictionary<string, Exit> Exits = new()
    {
        ["answered"] = new(200, "\"choices\""),
        ["answered, streamed"] = new(200, "data: [DONE]") { Body = RequestPathFixture.Chat("hello", isStream: true) },
        ["restored"] = new(200, "\"choices\"") { Body = RequestPathFixture.Chat(Long), SetUp = Restorable },
        ["backend refuses"] = new(503, "\"code\": 503")
        {
            SetUp = path => path.Backend.Misbehave(Completions, new() { Status = 503, Body = "{\"error\":{\"code\": 503}}" }),
        },
        ["lane unknown"] = new(400, "invalid_header") { Headers = [("X-Bioproxy-Lane", "fast")] },
        ["body is a form"] = new(415, "unsupported_media_type") { Headers = [("Content-Type", "Multipart/Form-Data; boundary=x")] },
        ["body is encoded as it is"] = new(200, "\"choices\"") { Headers = [("Content-Encoding", "Identity")] },
        ["body too large"] = new(413, "request_too_large") { Change = o => o with { MaxBodyBytes = 20 } },
        ["queue full"] = new(429, "queue_full") { Change = o => o with { QueueMaxLength = 0 }, IsSlotOccupied = true },
        ["queue timed out"] = new(503, "queue_timeout")
        {
            Change = o => o with { QueueMaxWait = TimeSpan.FromMilliseconds(20) },
            IsSlotOccupied = true,
        },
        ["left in the queue"] = new(200, "") { IsSlotOccupied = true, SetUp = path => path.Leaving.CancelAfter(50) },
        ["left during a restore"] = new(200, "")
        {
            Body = RequestPathFixture.Chat(Long),
            SetUp = path =>
            {
                Restorable(path);
                path.Model.Api.OnRestore = async (_, cancellationToken) =>
                {
                    await path.Leaving.CancelAsync();
                    cancellationToken.ThrowIfCancellationRequested();
                    return null;
                };
            },
        },
        ["placement throws"] = new(500, "internal_error")
        {
            Body = RequestPathFixture.Chat(Long),
            SetUp = path =>
            {
                Restorable(path);
                path.Model.Api.OnRestore = (_, _) => throw new FormatException("test");
            },
        },
        ["backend is gone"] = new(502, "backend_unreachable") { SetUp = path => path.Backend.Kill() },
        ["backend closes"] = new(502, "backend_closed")
        {
            SetUp = path =>
            {
                path.Backend.Misbehave(Completions, FakeMisbehaviour.Of(FakeWire.CloseBeforeAnyByte));
                path.Backend.Misbehave(Completions, FakeMisbehaviour.Of(FakeWire.CloseBeforeAnyByte));
            },
        },
        ["backend is silent"] = new(504, "backend_timeout")
        {
            Change = o => o with { ResponseTimeout = TimeSpan.FromMilliseconds(100) },
            SetUp = path => path.Backend.HoldGeneration(),
        },
        ["backend breaks off"] = new(200, "data: ")
        {
            Body = RequestPathFixture.Chat("hello", isStream: true),
            SetUp = path => path.Backend.Misbehave(Completions, FakeMisbehaviour.Of(FakeWire.CloseMidChunk, afterChunks: 4)),
        },
        ["left during the answer"] = new(200, "")
        {
            Body = RequestPathFixture.Chat("hello", isStream: true),
            SetUp = path =>
            {
                var gate = path.Backend.HoldGeneration(afterChunks: 2);
                _ = gate.Reached.ContinueWith(_ => path.Leaving.Cancel(), TaskScheduler.Default);
            },
        },
    };

    public static TheoryData<string> Names => [.. Exits.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Handle_EveryExit_AnswersAndReleasesEverything(string name)
    {
        var exit = Exits[name];
        await using var path = new RequestPathFixture(exit.Change);
        await path.Model.StartAsync();
        exit.SetUp(path);
        var occupied = exit.IsSlotOccupied ? await path.OccupyAsync() : null;

        var (status, received, _) = await path.SendAsync(exit.Body, exit.Headers);

        Assert.Equal(exit.Status, status);
        Assert.Contains(exit.Received, received, StringComparison.Ordinal);
        occupied?.Release();
        path.Model.AssertNothingIsOwned();
    }

    [Fact]
    public async Task Handle_SettlementThrows_TheAnswerIsWholeAndTheLeaseComesBack()
    {
        await using var path = new RequestPathFixture();
        await path.Model.StartAsync();
        Restorable(path);
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, self) =>
        {
            if (ReferenceEquals(instrument.Meter, path.Model.Metrics.Meter)
                && instrument.Name.Contains("restore", StringComparison.Ordinal))
            {
                self.EnableMeasurementEvents(instrument);
            }
        };
        var thrown = 0;
        listener.SetMeasurementEventCallback<long>((_, _, _, _) =>
        {
            thrown++;
            throw new InvalidOperationException("test");
        });
        listener.Start();

        var (status, received, _) = await path.SendAsync(RequestPathFixture.Chat(Long));

        listener.Dispose();
        Assert.Equal(200, status);
        Assert.Contains("\"choices\"", received, StringComparison.Ordinal);
        Assert.Equal(1, thrown);
        path.Model.AssertNothingIsOwned();
    }

    /// <summary>All of this is a prompt for llama-server.</summary>
    [Theory]
    [InlineData("\uFEFF", "")]
    [InlineData("", "\0")]
    [InlineData("\uFEFF ", " \0}nonsense")]
    public async Task Handle_BytesAroundTheJson_AreForwardedAndTheEditsStandWhereTheyBelong(string before, string after)
    {
        await using var path = new RequestPathFixture();
        await path.Model.StartAsync();
        path.AddSnapshot(RequestPathFixture.Chat(Long));

        var (status, _, _) = await path.SendAsync(before + RequestPathFixture.Chat(Long) + after);

        var sent = path.Backend.Requests.Last(request => request.Is("POST", Completions)).Text;
        Assert.Equal(200, status);
        Assert.Equal($"{before}{{\"id_slot\":0,{RequestPathFixture.Chat(Long)[1..]}{after}", sent);
    }

    [Theory]
    [InlineData("/v1/messages", """{"type":"error","error":{"type":"invalid_request_error",""")]
    [InlineData("/v1/responses", """{"error":{"message":""")]
    [InlineData("/completion", """{"error":{"code":400,""")]
    public async Task Handle_Failure_HasTheFormOfItsEndpoint(string endpoint, string expected)
    {
        await using var path = new RequestPathFixture();
        await path.Model.StartAsync();

        var (status, received, _) = await path.SendAsync("POST", endpoint, "{}", ("X-Bioproxy-Lane", "fast"));

        Assert.Equal(400, status);
        Assert.StartsWith(expected, received, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Handle_Answered_IsExplained()
    {
        await using var path = new RequestPathFixture();
        await path.Model.StartAsync();

        var (_, _, id) = await path.SendAsync(RequestPathFixture.Chat("hello"));

        var explanation = path.Log.Find(id);
        Assert.Equal(("chat_completions", 200, "cold"), (explanation?.Route, explanation?.Status, explanation?.Result));
    }

    private static void Restorable(RequestPathFixture path) => path.AddSnapshot(RequestPathFixture.Chat(Long));

    private sealed record Exit(int Status, string Received)
    {
        public string Body { get; init; } = RequestPathFixture.Chat("hello");

        public (string Name, string Value)[] Headers { get; init; } = [];

        public Func<ProxyOptions, ProxyOptions>? Change { get; init; }

        public Action<RequestPathFixture> SetUp { get; init; } = _ => { };

        public bool IsSlotOccupied { get; init; }
    }
}
