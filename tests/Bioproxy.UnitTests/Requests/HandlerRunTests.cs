using System.Text;
using Bioproxy.Abstractions;
using Bioproxy.Doubles;
using Bioproxy.Host.Configuration;
using Bioproxy.Host.Http;
using Bioproxy.Host.Plugins;
using Bioproxy.Host.Prompts;
using Bioproxy.Host.Requests;
using Bioproxy.Host.Telemetry;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;

namespace Bioproxy.UnitTests.Requests;

public sealed class HandlerRunTests : IDisposable
{
    private static readonly TimeSpan Budget = TimeSpan.FromSeconds(30);
    private static readonly byte[] Body = """{"stream":true,"messages":[{"role":"user","content":"hello"}]}"""u8.ToArray();

    private readonly TestClock _time = new();
    private readonly DefaultHttpContext _http = new();
    private readonly MemoryStream _sent = new();
    private readonly CancellationTokenSource _leaving = new();
    private readonly TaskCompletionSource _inside = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _release = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ProxyMetrics _metrics;
    private readonly PluginFence _fence;
    private readonly BodyReader _bodies;
    private readonly Exchange _exchange;

    public HandlerRunTests()
    {
        _metrics = new ProxyMetrics(_time);
        _fence = new PluginFence(PluginBudget.OfHandlers(Budget), _metrics, _time, NullLogger<PluginFence>.Instance);
        _bodies = new BodyReader(new ProxyOptions { BaseDirectory = "/", StateDirectory = "/" }, _time);
        _http.Response.Body = _sent;
        _exchange = new Exchange(new ClientSink(_http), Routes.Of("POST", "/v1/chat/completions"), _time.GetTimestamp());
    }

    [Fact]
    public async Task Try_HandlerAnswers_IsAnswered()
    {
        var (isAnswered, failure) = await TryAsync(async (call, stop) =>
        {
            Assert.Equal(("/v1/chat/completions", Encoding.UTF8.GetString(Body)), (call.Path, Encoding.UTF8.GetString(call.Body.Span)));
            await call.WriteAsync("an answer", stop);
            return true;
        });

        Assert.Equal((true, null), (isAnswered, failure));
        Assert.Contains("an answer", Sent(), StringComparison.Ordinal);
        Assert.EndsWith("data: [DONE]\n\n", Sent(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Try_HandlerDeclines_RequestContinues()
    {
        var (isAnswered, failure) = await TryAsync((_, _) => new ValueTask<bool>(false));

        Assert.Equal((false, null, ""), (isAnswered, failure, Sent()));
    }

    [Fact]
    public async Task Try_HandlerThrows_IsItsFailure()
    {
        var (isAnswered, failure) = await TryAsync((_, _) => throw new FormatException("no"));

        Assert.False(isAnswered);
        Assert.Equal(FailureKind.PluginFailed, failure!.Kind);
        Assert.Equal("Handler 'it' of plugin 'plugin' failed: FormatException: no", failure.Message);
        Assert.True(_exchange.IsWaitingStream);
    }

    [Fact]
    public async Task Try_HandlerLeavesAPartOfAnAnswer_IsItsFailure()
    {
        var (isAnswered, failure) = await TryAsync(async (call, stop) =>
        {
            await call.WriteAsync("a part", stop);
            return false;
        });

        Assert.False(isAnswered);
        Assert.Equal(FailureKind.PluginFailed, failure!.Kind);
        Assert.Contains("wrote a part of an answer", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Try_HandlerNeverEnds_IsGivenUpAndCanWriteNoMore(bool blocks)
    {
        RequestCall? seen = null;
        var stopped = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var trying = TryAsync(async (call, stop) =>
        {
            seen = call;
            stop.Register(() => stopped.TrySetResult());
            _inside.SetResult();
            if (blocks)
                _release.Task.GetAwaiter().GetResult();
            await _release.Task;
            return true;
        });
        await _inside.Task.DefaultTimeout();
        await _time.WhenTimersAsync(1).DefaultTimeout();

        _time.Advance(Budget);

        var (isAnswered, failure) = await trying.DefaultTimeout();
        Assert.False(isAnswered);
        Assert.Equal(FailureKind.PluginTimedOut, failure!.Kind);
        Assert.Contains("handler_time_budget_seconds", failure.Message, StringComparison.Ordinal);
        await stopped.Task.DefaultTimeout();
        await Assert.ThrowsAsync<InvalidOperationException>(() => seen!.WriteAsync("late", CancellationToken.None).DefaultTimeout());
        _release.SetResult();
        Assert.Equal("", Sent());
    }

    [Fact]
    public async Task Try_ClientLeaves_HandlerIsStopped()
    {
        var trying = TryAsync(async (_, stop) =>
        {
            _inside.SetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, stop);
            return true;
        });
        await _inside.Task.DefaultTimeout();

        await _leaving.CancelAsync();

        var (isAnswered, failure) = await trying.DefaultTimeout();
        Assert.Equal((false, FailureKind.ClientGone), (isAnswered, failure!.Kind));
    }

    [Fact]
    public async Task Try_ResponseTransformHangs_IsItsFailure()
    {
        var hung = new TaskCompletionSource<PluginFailure>(TaskCreationOptions.RunContinuationsAsynchronously);
        var trying = TryAsync(
            async (_, _) =>
            {
                _inside.SetResult();
                await _release.Task;
                return true;
            },
            hung.Task);
        await _inside.Task.DefaultTimeout();

        hung.SetResult(new PluginFailure("other", "editor", PluginFailureKind.Timeout, "Another plugin hangs."));

        var (isAnswered, failure) = await trying.DefaultTimeout();
        _release.SetResult();
        Assert.Equal((false, FailureKind.PluginTimedOut, "Another plugin hangs."), (isAnswered, failure!.Kind, failure.Message));
    }

    public void Dispose()
    {
        _fence.Dispose();
        _metrics.Dispose();
        _leaving.Dispose();
        _sent.Dispose();
    }

    private async Task<(bool IsAnswered, ProxyFailure? Failure)> TryAsync(
        Func<RequestCall, CancellationToken, ValueTask<bool>> handle, Task<PluginFailure>? hung = null)
    {
        _http.Request.Path = "/v1/chat/completions";
        using var body = _bodies.Copy(Body).Body!;
        var source = PromptBody.Read(body.Memory, PromptEndpoint.Chat)!;
        var prompt = new EditablePrompt(source, _exchange.Id, isWarmUp: false, _time.GetLocalNow());
        var caller = new BackendCaller(_ => throw new InvalidOperationException("nobody asks"), null, 1000);
        var run = new HandlerRun(new StageRequest(_exchange, prompt, body, _http), null, caller, _fence);
        return await run.TryAsync(new PluginHandler("plugin", "it", 0, new Handler(handle)), hung, _leaving.Token);
    }

    private string Sent() => Encoding.UTF8.GetString(_sent.ToArray());

    private sealed class Handler(Func<RequestCall, CancellationToken, ValueTask<bool>> handle) : IRequestHandler
    {
        public ValueTask<bool> HandleAsync(RequestCall request, CancellationToken cancellationToken) => handle(request, cancellationToken);
    }
}
