using Bioproxy.Abstractions;
using Bioproxy.Doubles;
using Bioproxy.Host.Plugins;
using Bioproxy.Host.Telemetry;
using Microsoft.Extensions.Logging.Abstractions;
using NSubstitute;

namespace Bioproxy.UnitTests.Plugins;

/// <summary>What the transform chain's tests do not show: handlers, interruptions, and whose cancellation it was.</summary>
public sealed class PluginFenceTests : IDisposable
{
    private static readonly TimeSpan Budget = TimeSpan.FromSeconds(30);
    private static readonly PluginFailure Other = new("other", "editor", PluginFailureKind.Timeout, "Another plugin hangs.");

    private readonly FakeTimeProvider _time = new();
    private readonly ProxyMetrics _metrics;
    private readonly PluginFence _fence;
    private readonly PluginHandler _handler = new("plugin", "it", 0, Substitute.For<IRequestHandler>());
    private readonly TaskCompletionSource _inside = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _told = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _client = new();

    public PluginFenceTests()
    {
        _metrics = new ProxyMetrics(_time);
        _fence = new PluginFence(PluginBudget.OfHandlers(Budget), _metrics, _time, NullLogger<PluginFence>.Instance);
    }

    public void Dispose()
    {
        _fence.Dispose();
        _metrics.Dispose();
        _client.Dispose();
    }

    [Fact]
    public async Task Run_HandlerReturns_SucceedsAndIsCounted()
    {
        Assert.True((await RunAsync(_ => ValueTask.CompletedTask).DefaultTimeout()).Succeeded);

        Assert.Equal((1, 0, null), (_handler.Calls, _handler.Errors, _handler.LastError));
    }

    public static TheoryData<Exception> Foreign() =>
        [new OperationCanceledException("own"), new TaskCanceledException("own"), new TimeoutException("own")];

    [Theory]
    [MemberData(nameof(Foreign))]
    public async Task Run_CancellationOrTimeoutOfThePluginsOwn_IsItsException(Exception exception)
    {
        var result = await RunAsync(_ => throw exception).DefaultTimeout();

        Assert.Equal(
            (PluginFailureKind.Exception, $"Handler 'it' of plugin 'plugin' failed: {exception.GetType().Name}: own"),
            (result.Failure!.Kind, result.Failure.Message));
        Assert.False(result.ClientLeft);
        Assert.Equal(1, _handler.Errors);
    }

    [Theory]
    [MemberData(nameof(Foreign))]
    public async Task RunHere_CancellationOrTimeoutOfThePluginsOwn_IsItsException(Exception exception)
    {
        var result = await _fence.RunHereAsync([_handler], (_, _) => throw exception, _ => Task.CompletedTask, _client.Token)
            .DefaultTimeout();

        Assert.Equal(PluginFailureKind.Exception, result.Failure!.Kind);
    }

    [Fact]
    public async Task Run_HandlerTakesTooLong_TimesOutInTheSettingsWords()
    {
        var run = RunAsync(HangAsync);
        await _inside.Task.DefaultTimeout();

        _time.Advance(Budget);

        var failure = (await run.DefaultTimeout()).Failure!;
        Assert.Equal("Handler 'it' of plugin 'plugin' did not end within 30 s (handler_time_budget_seconds).", failure.Message);
        await _told.Task.DefaultTimeout();
        Assert.Equal((1, 1), (_handler.Calls, _handler.Errors));
    }

    [Fact]
    public async Task Run_ClientLeaves_IsAValueAndNobodysFault()
    {
        var run = RunAsync(HangAsync);
        await _inside.Task.DefaultTimeout();

        await _client.CancelAsync();

        Assert.Equal(new PluginResult(ClientLeft: true), await run.DefaultTimeout());
        await _told.Task.DefaultTimeout();
        Assert.Equal((1, 0), (_handler.Calls, _handler.Errors));
    }

    [Fact]
    public async Task Run_HandlerFailsBecauseTheClientLeft_IsTheClientsLeaving()
    {
        var result = await RunAsync(_ =>
        {
            _client.Cancel();
            throw new IOException("The write failed.");
        }).DefaultTimeout();

        Assert.True(result.ClientLeft);
        Assert.Null(result.Failure);
        Assert.Null(_handler.LastError);
    }

    [Fact]
    public async Task Run_AnotherPluginHangsMeanwhile_EndsWithThatOnesFailure()
    {
        var interruption = new TaskCompletionSource<PluginFailure>();
        var run = RunAsync(HangAsync, interruption.Task);
        await _inside.Task.DefaultTimeout();

        interruption.SetResult(Other);

        Assert.Equal(new PluginResult(Other), await run.DefaultTimeout());
        await _told.Task.DefaultTimeout();
        Assert.Equal((1, 0), (_handler.Calls, _handler.Errors));
    }

    [Fact]
    public async Task Run_HandlerThrowsTheFailureOfAnotherPlugin_TheOtherIsBlamed()
    {
        var result = await RunAsync(_ => throw new PluginFailureException(Other)).DefaultTimeout();

        Assert.Equal(new PluginResult(Other), result);
        Assert.Equal((1, 0), (_handler.Calls, _handler.Errors));
    }

    [Fact]
    public void Run_NoFreeThread_SaysSo()
    {
        // The run is abandoned before its first part was begun with.
        var run = new PluginRun(_handler);

        Assert.True(run.TryAbandon(out var culprit));

        Assert.Equal((_handler, null), (culprit.Part, culprit.Started));
        Assert.False(run.Begin(_handler, 0));
        Assert.Equal(
            "Handler 'it' of plugin 'plugin' was not reached within 30 s (handler_time_budget_seconds): no thread was free to run it.",
            _fence.TimedOut(culprit.Part, wasReached: false).Message);
    }

    private async ValueTask HangAsync(CancellationToken stop)
    {
        await using var registration = stop.Register(_told.SetResult);
        _inside.SetResult();
        await _told.Task;
    }

    private Task<PluginResult> RunAsync(Func<CancellationToken, ValueTask> code, Task<PluginFailure>? interruption = null) =>
        _fence.RunAsync([_handler], (_, stop) => code(stop), interruption, _client.Token).AsTask();
}
