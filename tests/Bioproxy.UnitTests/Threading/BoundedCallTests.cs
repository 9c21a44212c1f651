using Bioproxy.Doubles;
using Bioproxy.Host.Threading;

namespace Bioproxy.UnitTests.Threading;

public sealed class BoundedCallTests
{
    private static readonly TimeSpan Budget = TimeSpan.FromSeconds(2);

    private readonly FakeTimeProvider _time = new();
    private readonly TaskCompletionSource _inside = new(TaskCreationOptions.RunContinuationsAsynchronously);

    [Fact]
    public async Task Run_CodeReturns_GivesItsValue()
    {
        var result = await RunAsync(_ => ValueTask.FromResult(7)).DefaultTimeout();

        Assert.Equal(new CallResult<int>(CallEnd.Completed, 7), result);
    }

    public static TheoryData<Exception> Exceptions() =>
        [new FormatException("x"), new TimeoutException("own"), new OperationCanceledException("own"), new TaskCanceledException("own")];

    [Theory]
    [MemberData(nameof(Exceptions))]
    public async Task Run_CodeThrows_IsAlwaysTheCodesException(Exception exception)
    {
        var atOnce = await RunAsync(_ => throw exception).DefaultTimeout();
        var later = await RunAsync(async _ =>
        {
            await Task.Yield();
            throw exception;
        }).DefaultTimeout();

        Assert.Equal(new CallResult<int>(CallEnd.Threw, Error: exception), atOnce);
        Assert.Equal(new CallResult<int>(CallEnd.Threw, Error: exception), later);
    }

    [Fact]
    public async Task Run_CodeBlocksItsThread_TimesOutAndTheCodeIsTold()
    {
        using var release = new ManualResetEventSlim();
        var told = new TaskCompletionSource();
        var run = RunAsync(stop =>
        {
            stop.Register(told.SetResult);
            _inside.SetResult();
            release.Wait(CancellationToken.None);
            return ValueTask.FromResult(1);
        });
        await _inside.Task.DefaultTimeout();

        _time.Advance(Budget - TimeSpan.FromTicks(1));
        Assert.False(run.IsCompleted);
        _time.Advance(TimeSpan.FromTicks(1));

        Assert.Equal(new CallResult<int>(CallEnd.TimedOut), await run.DefaultTimeout());
        await told.Task.DefaultTimeout();
        release.Set();
    }

    [Fact]
    public async Task Run_ValueAfterTheLimit_IsHandedOverForRelease()
    {
        var value = new TaskCompletionSource<int>();
        var late = new TaskCompletionSource<int>();
        var run = RunAsync(async _ =>
        {
            _inside.SetResult();
            return await value.Task;
        }, late.SetResult);
        await _inside.Task.DefaultTimeout();
        _time.Advance(Budget);
        Assert.Equal(CallEnd.TimedOut, (await run.DefaultTimeout()).End);
        Assert.False(late.Task.IsCompleted);

        value.SetResult(9);

        Assert.Equal(9, await late.Task.DefaultTimeout());
    }

    [Fact]
    public async Task Run_NoLimit_WaitsForever()
    {
        var value = new TaskCompletionSource<int>();
        var run = BoundedCall.RunAsync<int>(async _ => await value.Task, TimeSpan.Zero, _time, null, CancellationToken.None);
        _time.Advance(TimeSpan.FromDays(1));
        Assert.False(run.IsCompleted);

        value.SetResult(3);

        Assert.Equal(3, (await run.DefaultTimeout()).Value);
    }

    [Fact]
    public async Task Run_CallerCancels_EndsAtOnceThoughTheCodeIgnoresIt()
    {
        using var caller = new CancellationTokenSource();
        var never = new TaskCompletionSource<int>();
        var run = RunAsync(async _ =>
        {
            _inside.SetResult();
            return await never.Task;
        }, null, caller.Token);
        await _inside.Task.DefaultTimeout();

        await caller.CancelAsync();

        Assert.Equal(CallEnd.Cancelled, (await run.DefaultTimeout()).End);
        never.SetResult(0);
    }

    [Fact]
    public async Task Run_CallerCancelledBefore_DoesNotCall()
    {
        var result = await RunAsync(_ => throw new InvalidOperationException("Called."), null, new CancellationToken(true)).DefaultTimeout();

        Assert.Equal(new CallResult<int>(CallEnd.Cancelled), result);
    }

    [Fact]
    public async Task Wait_WorkEndsAsTheLimitIsReached_ItsResultCounts()
    {
        var work = new TaskCompletionSource();
        var wait = BoundedCall.WaitAsync(work.Task, () => false, Budget, _time, CancellationToken.None).AsTask();
        _time.Advance(Budget);
        work.SetResult();

        Assert.Equal(CallEnd.Completed, await wait.DefaultTimeout());
    }

    [Fact]
    public async Task Cancel_CallbackThrowsOrBlocks_TheCallerIsNotConcerned()
    {
        using var release = new ManualResetEventSlim();
        var stop = new CancellationTokenSource();
        stop.Token.Register(() => throw new FormatException("a plugin's"));
        stop.Token.Register(() =>
        {
            _inside.SetResult();
            release.Wait(CancellationToken.None);
        });

        BoundedCall.Cancel(stop);

        await _inside.Task.DefaultTimeout();
        release.Set();
    }

    private Task<CallResult<int>> RunAsync(
        Func<CancellationToken, ValueTask<int>> code, Action<int>? late = null, CancellationToken caller = default) =>
        BoundedCall.RunAsync(code, Budget, _time, late, caller);
}
