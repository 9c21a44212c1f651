using System.Text.Json.Nodes;
using Bioproxy.Abstractions;
using Bioproxy.Doubles;
using Bioproxy.Host.Http;
using Bioproxy.Host.Models.Slots;
using Bioproxy.Host.Requests;
using Bioproxy.UnitTests.Http;
using Microsoft.AspNetCore.Http;

namespace Bioproxy.UnitTests.Requests;

public sealed class QueueKeepAliveTests
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(15);

    private readonly TestClock _time = new();
    private readonly SlotQueue _queue;
    private readonly ClientBody _client = new();
    private readonly DefaultHttpContext _http = new();
    private readonly Exchange _exchange;
    private readonly CancellationTokenSource _leaving = new();

    public QueueKeepAliveTests()
    {
        _queue = new SlotQueue(_time, 1, 10, TimeSpan.FromMinutes(10));
        _http.Response.Body = _client;
        _exchange = NewExchange();
    }

    [Fact]
    public async Task Wait_SlotIsFree_IsGrantedAtOnce()
    {
        var grant = WaitAsync(isStream: true);

        Assert.True(grant.IsCompleted);
        (await grant).Lease!.Release();
        Assert.False(_exchange.IsWaitingStream);
        Assert.Equal(0, _queue.View.Used);
    }

    [Fact]
    public async Task Wait_StreamWaitsLong_GetsACommentInEveryInterval()
    {
        var holder = await HoldAsync();
        var waiting = WaitAsync(isStream: true);

        for (var i = 1; i <= 2; i++)
        {
            await _time.WhenTimersAsync(2).DefaultTimeout();
            _time.Advance(Interval);
            Assert.Equal($": waiting for a slot, 1 wait ({i * 15} s)\n", await _client.NextWriteAsync().DefaultTimeout());
        }

        Assert.Equal(("text/event-stream", true, 200), (_http.Response.ContentType, _exchange.IsWaitingStream, _exchange.Status));
        holder.Release();
        (await waiting.DefaultTimeout()).Lease!.Release();
        Assert.Equal(0, _queue.View.Used);
    }

    /// <summary>An empty line would end an event that has no data, at which some SDKs fail.</summary>
    [Fact]
    public async Task Wait_Comments_EndNoEvent()
    {
        var loading = new TaskCompletionSource<int>();
        var waiting = new QueueKeepAlive(Interval, _time)
            .WaitAsync(_exchange, loading.Task, () => "loading model a\n\nb", static _ => { }, default).AsTask();
        await _time.WhenTimersAsync(1).DefaultTimeout();

        _time.Advance(Interval);

        Assert.Equal(": loading model a  b (15 s)\n", await _client.NextWriteAsync().DefaultTimeout());
        loading.SetResult(7);
        Assert.Equal(7, await waiting.DefaultTimeout());
    }

    [Fact]
    public async Task Wait_StreamOfAnthropicsProtocol_GetsPings()
    {
        var exchange = new Exchange(
            new ClientSink(_http), new Route("messages", true, PromptEndpoint.Messages, false), _time.GetTimestamp());
        var loading = new TaskCompletionSource<int>();
        var waiting = new QueueKeepAlive(Interval, _time)
            .WaitAsync(exchange, loading.Task, () => "loading model a", static _ => { }, default).AsTask();
        await _time.WhenTimersAsync(1).DefaultTimeout();

        _time.Advance(Interval);

        Assert.Equal(
            ": loading model a (15 s)\nevent: ping\ndata: {\"type\": \"ping\"}\n\n", await _client.NextWriteAsync().DefaultTimeout());
        loading.SetResult(7);
        await waiting.DefaultTimeout();
    }

    /// <summary>Codex' idle timer runs on through comments, and SDKs collect an answer from <c>response.created</c> on.</summary>
    [Fact]
    public async Task Wait_StreamOfResponses_GetsEventsThatBeginAResponse()
    {
        var exchange = new Exchange(
            new ClientSink(_http), new Route("responses", true, PromptEndpoint.Responses, true), _time.GetTimestamp());
        var loading = new TaskCompletionSource<int>();
        var waiting = new QueueKeepAlive(Interval, _time)
            .WaitAsync(exchange, loading.Task, () => "loading model a", static _ => { }, default).AsTask();
        var written = new List<string>();
        for (var i = 0; i < 2; i++)
        {
            await _time.WhenTimersAsync(1).DefaultTimeout();
            _time.Advance(Interval);
            written.Add(await _client.NextWriteAsync().DefaultTimeout());
        }

        Assert.Equal(["response.created", "response.in_progress"], TypesOf(written[0]));
        Assert.Equal(["response.in_progress"], TypesOf(written[1]));
        loading.SetResult(7);
        await waiting.DefaultTimeout();
    }

    /// <summary>There the server answers nothing before it has computed the prompt.</summary>
    [Theory]
    [InlineData(PromptEndpoint.Messages, true)]
    [InlineData(PromptEndpoint.Responses, true)]
    [InlineData(PromptEndpoint.Chat, false)]
    public async Task Answer_PromptIsComputedForLong_StreamIsKeptAliveWhereNothingElseDoes(PromptEndpoint endpoint, bool isKeptAlive)
    {
        var exchange = new Exchange(new ClientSink(_http), new Route("x", true, endpoint, true), _time.GetTimestamp());
        using var response = new HttpResponseMessage();
        var sent = new TaskCompletionSource<(HttpResponseMessage?, ProxyFailure?)>();
        var waiting = new QueueKeepAlive(Interval, _time)
            .AnswerAsync(exchange, new(sent.Task), isStream: true, CancellationToken.None).AsTask();

        Assert.Equal(isKeptAlive ? 1 : 0, _time.ActiveTimers);
        if (isKeptAlive)
        {
            _time.Advance(Interval);
            var written = await _client.NextWriteAsync().DefaultTimeout();
            Assert.StartsWith(": computing the prompt (15 s)\nevent: ", written, StringComparison.Ordinal);
        }

        sent.SetResult((response, null));
        Assert.Same(response, (await waiting.DefaultTimeout()).Response);
    }

    /// <summary>The types of the events behind a comment, each of which is whole.</summary>
    private static List<string> TypesOf(string written)
    {
        Assert.StartsWith(": loading model a (", written, StringComparison.Ordinal);
        Assert.EndsWith("\n\n", written, StringComparison.Ordinal);
        return written[(written.IndexOf('\n', StringComparison.Ordinal) + 1)..^2].Split("\n\n").Select(static one =>
        {
            var lines = one.Split('\n');
            var type = (string)JsonNode.Parse(lines[1]["data: ".Length..])!["type"]!;
            Assert.Equal([$"event: {type}", lines[1]], lines);
            return type;
        }).ToList();
    }

    [Fact]
    public async Task Wait_NoStream_IsLeftSilent()
    {
        var holder = await HoldAsync();
        var waiting = WaitAsync(isStream: false);

        Assert.Equal(1, _time.ActiveTimers); // the queue's own limit
        holder.Release();
        (await waiting.DefaultTimeout()).Lease!.Release();
    }

    [Fact]
    public async Task Wait_ClientLeaves_LeavesTheQueue()
    {
        var holder = await HoldAsync();
        var waiting = WaitAsync(isStream: true);

        await _leaving.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting.DefaultTimeout());
        Assert.Equal(0, _queue.View.InteractiveWaiting);
        holder.Release();
        Assert.Equal(0, _queue.View.Used);
    }

    [Fact]
    public async Task Wait_ClientsConnectionBreaks_WaitsUntilItsTokenSaysSo()
    {
        var holder = await HoldAsync();
        _client.Fail = new IOException("test");
        var waiting = WaitAsync(isStream: true);
        await _time.WhenTimersAsync(2).DefaultTimeout();

        _time.Advance(Interval);
        await _time.WhenTimersAsync(2).DefaultTimeout();

        Assert.False(waiting.IsCompleted);
        holder.Release();
        (await waiting.DefaultTimeout()).Lease!.Release();
    }

    [Fact]
    public async Task Wait_CommentFailsUnexpectedly_TheLeaseIsNotLost()
    {
        var holder = await HoldAsync();
        _client.Fail = new InvalidOperationException("test");
        var waiting = WaitAsync(isStream: true);
        await _time.WhenTimersAsync(2).DefaultTimeout();

        _time.Advance(Interval);

        await Assert.ThrowsAsync<InvalidOperationException>(() => waiting.DefaultTimeout());
        holder.Release();
        await Eventually.TrueAsync(() => _queue.View.Used == 0, TimeSpan.FromSeconds(5), "the lease that was granted meanwhile came back");
    }

    /// <summary>The grant comes between the time-out and the check of the grant. The continuation is kept off the timer's thread, so that
    /// there is time between the two; many rounds hit it.</summary>
    [Fact]
    public async Task Wait_GrantComesWithTheTimeOut_IsReturned()
    {
        var keepAlive = new QueueKeepAlive(Interval, _time);
        for (var round = 0; round < 500; round++)
        {
            var lease = (await _queue.AcquireAsync(new QueueEntry(Lane.Interactive, 1), CancellationToken.None)).Lease;
            var granted = new TaskCompletionSource<QueueGrant>(TaskCreationOptions.RunContinuationsAsynchronously);
            var waiting = keepAlive
                .WaitAsync(NewExchange(), granted.Task, () => "", QueueKeepAlive.Release, CancellationToken.None).AsTask();
            var context = SynchronizationContext.Current;
            SynchronizationContext.SetSynchronizationContext(new OtherContext());
            _time.Advance(Interval);
            Thread.SpinWait(round % 50 * 20);
            granted.SetResult(new QueueGrant(lease, QueueRefusal.None, TimeSpan.Zero, TimeSpan.Zero));
            SynchronizationContext.SetSynchronizationContext(context);

            var grant = await waiting.DefaultTimeout();

            Assert.Same(lease, grant.Lease);
            grant.Lease!.Release();
        }

        Assert.Equal(0, _queue.View.Used);
    }

    private async Task<Lease> HoldAsync() =>
        (await _queue.AcquireAsync(new QueueEntry(Lane.Interactive, 1), CancellationToken.None)).Lease!;

    private Task<QueueGrant> WaitAsync(bool isStream) =>
        new QueueKeepAlive(Interval, _time)
            .WaitAsync(
                _exchange,
                _queue,
                _queue.AcquireAsync(new QueueEntry(Lane.Interactive, 1), _leaving.Token),
                isStream,
                _leaving.Token).AsTask();

    private Exchange NewExchange() =>
        new(new ClientSink(_http), new Route("chat_completions", true, PromptEndpoint.Chat, true), _time.GetTimestamp());

    /// <summary>A context that continuations must not run inline in.</summary>
    private sealed class OtherContext : SynchronizationContext;
}
