using System.Collections.Concurrent;
using System.Diagnostics;
using Bioproxy.Doubles;
using Bioproxy.Host.Http;
using Bioproxy.Host.Requests;
using Bioproxy.Host.Telemetry;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;

namespace Bioproxy.UnitTests.Requests;

/// <summary>The spans of requests that take the whole path.</summary>
public sealed class RequestTraceTests : IAsyncDisposable
{
    private const string ClientsParent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    private static readonly string Long = new('a', 4000);

    private readonly RequestPathFixture _path = new();
    private readonly ConcurrentQueue<Activity> _ended = new();
    private readonly ActivityListener _listener;

    public RequestTraceTests() => _listener = new ActivityListener
    {
        ShouldListenTo = source => ReferenceEquals(source, _path.Tracing.Source),
        Sample = static (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
        ActivityStopped = _ended.Enqueue,
    };

    private Activity Root => Assert.Single(_ended, static span => span.Kind == ActivityKind.Server);

    private List<Activity> Steps =>
        [.. _ended.Where(static span => span.Kind == ActivityKind.Internal).OrderBy(static span => span.StartTimeUtc)];

    public async ValueTask DisposeAsync()
    {
        _listener.Dispose();
        await _path.DisposeAsync();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Chat_Traced_HasASpanForEachStepOneAfterTheOther(bool isStream)
    {
        await TraceAsync();

        await _path.SendAsync(RequestPathFixture.Chat("hello", isStream));

        string[] expected = ["read", "transform", "route", "load", "queue", "place", "prefill", "stream", "settle"];
        Assert.Equal(expected, Steps.Select(static span => span.DisplayName));
        Assert.All(Steps, span => Assert.Equal((Root.TraceId, Root.SpanId), (span.TraceId, span.ParentSpanId)));
        Assert.All(Steps.Zip(Steps.Skip(1)), pair => Assert.Equal(pair.First.StartTimeUtc + pair.First.Duration, pair.Second.StartTimeUtc));
        Assert.True(Root.StartTimeUtc + Root.Duration <= Steps[^1].StartTimeUtc + Steps[^1].Duration); // nobody waits for the settlement
    }

    [Fact]
    public async Task Chat_Traced_SaysModelAndTokensByTheConventions()
    {
        await TraceAsync();

        var (_, _, id) = await _path.SendAsync(
            """{"model":"qwen","messages":[{"role":"user","content":"hello"}]}""", ("User-Agent", "curl/8"), ("X-Bioproxy-Lane", "batch"));

        var tags = Root.TagObjects.ToDictionary(static tag => tag.Key, static tag => tag.Value);
        Assert.Equal("chat qwen", Root.DisplayName);
        Assert.Equal(
            ("chat", "qwen", "fake-model", "llama.cpp"),
            (tags["gen_ai.operation.name"], tags["gen_ai.request.model"], tags["gen_ai.response.model"], tags["gen_ai.provider.name"]));
        Assert.Equal(8, tags["gen_ai.usage.output_tokens"]);
        Assert.True(tags["gen_ai.usage.input_tokens"] is int and > 0);
        Assert.Equal(0, tags["gen_ai.usage.cache_read.input_tokens"]);
        Assert.Equal((id, "batch", "default", "cold", 200), (
            tags["bioproxy.request.id"], tags["bioproxy.lane"], tags["bioproxy.backend"], tags["bioproxy.cache.result"],
            tags["http.response.status_code"]));
        Assert.Equal(0, tags["bioproxy.slot"]);
        Assert.DoesNotContain("error.type", tags.Keys);
        Assert.Equal(ActivityStatusCode.Unset, Root.Status);
    }

    [Fact]
    public async Task Chat_Restored_HasASpanForIt()
    {
        await TraceAsync();
        _path.AddSnapshot(RequestPathFixture.Chat(Long));

        await _path.SendAsync(RequestPathFixture.Chat(Long));

        var restore = Assert.Single(Steps, static span => span.DisplayName == "restore");
        var place = Assert.Single(Steps, static span => span.DisplayName == "place");
        Assert.Equal((Root.TraceId, Root.SpanId), (restore.TraceId, restore.ParentSpanId));
        Assert.True(place.StartTimeUtc <= restore.StartTimeUtc && restore.Duration <= place.Duration);
    }

    [Fact]
    public async Task Traceparent_OfTheClient_IsContinuedThroughToTheBackend()
    {
        await TraceAsync();

        await _path.SendAsync(RequestPathFixture.Chat("hello"), ("traceparent", ClientsParent), ("tracestate", "vendor=1"));

        var prefill = Assert.Single(Steps, static span => span.DisplayName == "prefill");
        Assert.Equal("0af7651916cd43dd8448eb211c80319c", Root.TraceId.ToHexString());
        Assert.Equal("b7ad6b7169203331", Root.ParentSpanId.ToHexString());
        Assert.Equal((prefill.Id, "vendor=1"), SentOn());
        Assert.StartsWith("00-0af7651916cd43dd8448eb211c80319c-", prefill.Id, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(ClientsParent, "vendor=1")]
    [InlineData("what is this?", null)]
    [InlineData(null, null)]
    public async Task Traceparent_NothingIsTraced_PassesAsItIs(string? parent, string? state)
    {
        await _path.Model.StartAsync(); // and nobody listens
        List<(string, string)> headers = [];
        if (parent is not null)
            headers.Add(("traceparent", parent));
        if (state is not null)
            headers.Add(("tracestate", state));

        await _path.SendAsync(RequestPathFixture.Chat("hello"), [.. headers]);

        Assert.Equal((parent, state), SentOn());
        Assert.Empty(_ended);
    }

    [Theory]
    [InlineData("nonsense")]
    [InlineData("00-00000000000000000000000000000000-0000000000000000-01")]
    public async Task Traceparent_ThatIsNone_IsReplaced(string parent)
    {
        await TraceAsync();

        await _path.SendAsync(RequestPathFixture.Chat("hello"), ("traceparent", parent));

        Assert.Equal(default, Root.ParentSpanId);
        Assert.Equal(Assert.Single(Steps, static span => span.DisplayName == "prefill").Id, SentOn().Parent);
    }

    [Fact]
    public async Task Failure_Traced_SaysItsCode()
    {
        await TraceAsync();
        _path.Backend.Kill();

        await _path.SendAsync(RequestPathFixture.Chat("hello"));

        Assert.Equal(("backend_unreachable", ActivityStatusCode.Error), (Root.GetTagItem("error.type"), Root.Status));
        Assert.Equal(502, Root.GetTagItem("http.response.status_code"));
    }

    [Fact]
    public async Task OtherCall_Traced_IsNamedByItsRoute()
    {
        await TraceAsync();

        await _path.SendAsync("GET", "/v1/models", "");
        await _path.SendAsync("GET", "/health", ""); // asked every second by some

        Assert.Equal("models", Root.DisplayName);
        Assert.Equal(["route", "forward", "stream"], Steps.Select(static span => span.DisplayName));
    }

    [Fact]
    public async Task Spans_HoldNoTextOfAPromptNoKeyAndNoHeader()
    {
        await TraceAsync();

        await _path.SendAsync(
            RequestPathFixture.Chat("PROMPT-MARK"),
            ("Authorization", "Bearer KEY-MARK"),
            ("X-Api-Key", "KEY-MARK"),
            ("X-Session-Id", "HEADER-MARK"),
            ("User-Agent", "HEADER-MARK"),
            ("X-Other", "HEADER-MARK"));

        Assert.NotEmpty(_ended);
        var said = _ended.SelectMany(static span => span.TagObjects.Select(static tag => $"{tag.Value}").Append(span.DisplayName));
        Assert.All(said, text => Assert.DoesNotContain("MARK", text, StringComparison.Ordinal));
        Assert.All(_ended, static span => Assert.Empty(span.Events));
    }

    [Fact]
    public void Steps_NothingIsTraced_AllocateNothing()
    {
        using var metrics = new ProxyMetrics(TimeProvider.System);
        var report = new RequestReport(
            metrics, _path.Tracing, new RequestJournal(TimeProvider.System), TimeProvider.System, NullLogger<RequestPath>.Instance);
        var exchange = new Exchange(new ClientSink(new DefaultHttpContext()), Routes.Of("POST", "/v1/chat/completions"), 1);
        Assert.Null(RequestTrace.Begin(_path.Tracing, exchange, new HeaderDictionary()));
        TakeSteps();

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
            TakeSteps();

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        void TakeSteps()
        {
            for (var step = RequestStep.Read; step <= RequestStep.Settle; step++)
                report.Enters(exchange, step);
        }
    }

    /// <summary>The backend is known before anybody listens.</summary>
    private async Task TraceAsync()
    {
        await _path.Model.StartAsync();
        ActivitySource.AddActivityListener(_listener);
    }

    /// <summary>What arrived at the backend.</summary>
    private (string? Parent, string? State) SentOn()
    {
        var request = Assert.Single(_path.Backend.Requests, static one => one.Is("POST", "/v1/chat/completions"));
        return (request.Header("traceparent"), request.Header("tracestate"));
    }
}
