using System.Diagnostics.Metrics;
using Bioproxy.Abstractions;
using Bioproxy.Host.Plugins;
using Bioproxy.Host.Telemetry;
using Bioproxy.Host.Transforms;
using Bioproxy.UnitTests.Plugins;
using Microsoft.Extensions.Logging.Abstractions;

namespace Bioproxy.UnitTests.Transforms;

public sealed class TransformChainTests : IDisposable
{
    private static readonly TimeSpan Budget = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private readonly ManualClock _clock = new();
    private readonly ProxyMetrics _metrics;
    private readonly List<string> _measured = [];
    private readonly MeterListener _listener;

    public TransformChainTests()
    {
        // Other tests have meters of the same name; a plugin name of its own tells them apart.
        _listener = new MeterListener
        {
            InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Meter.Name == ProxyMetrics.MeterName && instrument.Name.StartsWith("bioproxy_plugin_", StringComparison.Ordinal))
                    listener.EnableMeasurementEvents(instrument);
            },
        };
        _metrics = new ProxyMetrics(_clock);
    }

    public void Dispose()
    {
        _listener.Dispose();
        _metrics.Dispose();
    }

    [Fact]
    public void Run_NoTransforms_IsThereAtOnce()
    {
        var run = Chain().RunAsync(Prompts.User("x"), CancellationToken.None);

        Assert.True(run.IsCompletedSuccessfully);
    }

    [Fact]
    public async Task Run_SeveralTransforms_RunInOrderOnOneOtherThread()
    {
        var threads = new List<bool>();
        var chain = Chain(Appends("a", threads), Appends("b", threads), Appends("c", threads));
        var context = Prompts.User("x");

        var result = await chain.RunAsync(context, CancellationToken.None).AsTask().WaitAsync(Limit);

        Assert.Equal(default, result);
        Assert.Equal("xabc", context.Messages[0].Parts[0].Text);
        Assert.Equal([true, true, true], threads);
    }

    [Fact]
    public async Task Run_NothingAssigned_IsNotEdited()
    {
        var context = Prompts.User("x");

        var result = await Chain(Does((_, _) => ValueTask.CompletedTask)).RunAsync(context, CancellationToken.None).AsTask().WaitAsync(Limit);

        Assert.Equal(default, result);
        Assert.False(context.Messages[0].Parts[0].IsEdited);
    }

    [Fact]
    public async Task Run_TransformThrows_NamesItAndRunsNoOther()
    {
        var reached = false;
        var bad = Does((_, _) => throw new InvalidOperationException("out of luck"), "bad");
        var chain = Chain(bad, Does((_, _) =>
        {
            reached = true;
            return ValueTask.CompletedTask;
        }));

        var result = await chain.RunAsync(Prompts.User("x"), CancellationToken.None).AsTask().WaitAsync(Limit);

        Assert.False(result.Succeeded);
        Assert.Equal(
            new PluginFailure("plugin-bad", "bad", PluginFailureKind.Exception, "Transform 'bad' of plugin 'plugin-bad' failed: InvalidOperationException: out of luck"),
            result.Failure);
        Assert.False(reached);
        Assert.Equal(new PluginError(_clock.GetUtcNow(), "bad", "failed: InvalidOperationException: out of luck"), bad.LastError);
    }

    [Fact]
    public async Task Run_TransformThrowsCancellationOfItsOwn_IsAFailure()
    {
        var result = await Chain(Does((_, _) => throw new OperationCanceledException())).RunAsync(Prompts.User("x"), CancellationToken.None).AsTask().WaitAsync(Limit);

        Assert.Equal(PluginFailureKind.Exception, result.Failure!.Kind);
    }

    [Fact]
    public async Task Run_TemplateException_IsSaidInItsOwnWords()
    {
        var result = await Chain(Does((_, _) => throw new TemplateException("no such file"))).RunAsync(Prompts.User("x"), CancellationToken.None).AsTask().WaitAsync(Limit);

        Assert.EndsWith("failed: no such file", result.Failure!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_BlockingTransform_DoesNotBlockTheCallerAndTimesOut()
    {
        using var inside = new SemaphoreSlim(0);
        using var release = new ManualResetEventSlim();
        var late = Does((_, _) =>
        {
            inside.Release();
            release.Wait(CancellationToken.None);
            return ValueTask.CompletedTask;
        }, "slow");
        var run = Chain(late, Appends("never")).RunAsync(Prompts.User("x"), CancellationToken.None).AsTask();
        Assert.True(await inside.WaitAsync(Limit));

        _clock.Advance(Budget - TimeSpan.FromTicks(1));
        Assert.False(run.IsCompleted);
        _clock.Advance(TimeSpan.FromTicks(1));

        var result = await run.WaitAsync(Limit);
        release.Set();
        Assert.Equal(
            new PluginFailure("plugin-slow", "slow", PluginFailureKind.Timeout, "Transform 'slow' of plugin 'plugin-slow' did not end within 2000 ms (plugin_time_budget_ms)."),
            result.Failure);
        Assert.NotNull(late.LastError);
    }

    [Fact]
    public async Task RunHere_QuickTransforms_StayOnTheCallersThread()
    {
        var thread = Environment.CurrentManagedThreadId;
        var seen = 0;

        var run = Chain(Does((_, _) =>
        {
            seen = Environment.CurrentManagedThreadId;
            return ValueTask.CompletedTask;
        })).RunHereAsync(Prompts.User("x"), NotAsked, CancellationToken.None);

        Assert.True(run.IsCompletedSuccessfully);
        Assert.True((await run).Succeeded);
        Assert.Equal(thread, seen);
    }

    [Fact]
    public async Task RunHere_TransformThatYieldsForTooLong_TimesOut()
    {
        var never = new TaskCompletionSource();
        var run = Chain(Does(async (_, _) => await never.Task, "slow")).RunHereAsync(Prompts.User("x"), NotAsked, CancellationToken.None).AsTask();

        await SpendBudgetAsync(run);

        Assert.Equal(PluginFailureKind.Timeout, (await run).Failure!.Kind);
        never.SetResult();
    }

    [Fact]
    public async Task RunHere_BlockedThread_IsAnsweredForOnceAndNothingRunsAfterIt()
    {
        using var inside = new SemaphoreSlim(0);
        using var release = new ManualResetEventSlim();
        var answers = new List<PluginFailure>();
        var answered = new TaskCompletionSource();
        var told = new TaskCompletionSource();
        var reached = false;
        var blocking = Does((_, stop) =>
        {
            stop.Register(told.SetResult);
            inside.Release();
            release.Wait(CancellationToken.None);
            return ValueTask.CompletedTask;
        }, "slow");
        var chain = Chain(blocking, Does((_, _) =>
        {
            reached = true;
            return ValueTask.CompletedTask;
        }));
        var run = Task.Run(() => chain.RunHereAsync(Prompts.User("x"), failure =>
        {
            answers.Add(failure);
            answered.SetResult();
            return Task.CompletedTask;
        }, CancellationToken.None).AsTask());
        Assert.True(await inside.WaitAsync(Limit));

        _clock.Advance(Budget - TimeSpan.FromTicks(1));
        Assert.Empty(answers);
        await SpendBudgetAsync(answered.Task);
        await told.Task.WaitAsync(Limit);
        _clock.Advance(Budget);
        Assert.False(run.IsCompleted);
        release.Set();

        Assert.Equal(new PluginResult(null, IsAnswered: true), await run.WaitAsync(Limit));
        Assert.Equal(
            new PluginFailure("plugin-slow", "slow", PluginFailureKind.Timeout, "Transform 'slow' of plugin 'plugin-slow' did not end within 2000 ms (plugin_time_budget_ms)."),
            Assert.Single(answers));
        Assert.NotNull(blocking.LastError);
        Assert.False(reached);
    }

    [Fact]
    public async Task Run_AbandonedTransform_IsToldAndNothingRunsAfterIt()
    {
        var told = new TaskCompletionSource();
        var left = new TaskCompletionSource();
        using var inside = new SemaphoreSlim(0);
        var reached = false;
        var slow = Does(async (_, stop) =>
        {
            await using var registration = stop.Register(told.SetResult);
            inside.Release();
            await told.Task;
            left.SetResult();
        }, "slow");
        var run = Chain(slow, Does((_, _) =>
        {
            reached = true;
            return ValueTask.CompletedTask;
        })).RunAsync(Prompts.User("x"), CancellationToken.None).AsTask();
        Assert.True(await inside.WaitAsync(Limit));

        await SpendBudgetAsync(run);

        Assert.Equal(PluginFailureKind.Timeout, (await run).Failure!.Kind);
        await left.Task.WaitAsync(Limit);
        Assert.False(reached);
    }

    [Fact]
    public async Task Run_BudgetIsForTheWholeChain_BlamesTheOneThatRuns()
    {
        using var second = new SemaphoreSlim(0);
        var never = new TaskCompletionSource();
        var quick = Does((_, _) =>
        {
            _clock.Advance(Budget / 2);
            return ValueTask.CompletedTask;
        }, "first");
        var chain = Chain(quick, Does(async (_, _) =>
        {
            second.Release();
            await never.Task;
        }, "second"));
        var run = chain.RunAsync(Prompts.User("x"), CancellationToken.None).AsTask();
        Assert.True(await second.WaitAsync(Limit));

        await SpendBudgetAsync(run);

        Assert.Equal("second", (await run).Failure!.Part);
        Assert.Null(quick.LastError);
        never.SetResult();
    }

    [Fact]
    public async Task Run_ClientLeaves_PassesTheCancellationOn()
    {
        using var inside = new SemaphoreSlim(0);
        var told = new TaskCompletionSource();
        var transform = Does(async (_, stop) =>
        {
            await using var registration = stop.Register(told.SetResult);
            inside.Release();
            await told.Task;
        });
        using var client = new CancellationTokenSource();
        var run = Chain(transform).RunAsync(Prompts.User("x"), client.Token).AsTask();
        Assert.True(await inside.WaitAsync(Limit));

        await client.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run.WaitAsync(Limit));
        await told.Task.WaitAsync(Limit);
        Assert.Null(transform.LastError);
    }

    [Fact]
    public async Task Run_Calls_AreTimedAndCounted()
    {
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Measured(instrument, value, tags));
        _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Measured(instrument, value, tags));
        _listener.Start();
        var unique = Guid.NewGuid().ToString("N");
        var good = Does((_, _) =>
        {
            _clock.Advance(TimeSpan.FromMilliseconds(250));
            return ValueTask.CompletedTask;
        }, unique);
        var bad = Does((_, _) => throw new InvalidOperationException("x"), unique);

        await Chain(good, bad).RunAsync(Prompts.User("x"), CancellationToken.None).AsTask().WaitAsync(Limit);

        lock (_measured)
        {
            Assert.Equal(
                ["calls_total 1", "duration_seconds 0.25", "calls_total 1", "duration_seconds 0", "errors_total 1 exception"],
                _measured.Where(line => line.Contains(unique, StringComparison.Ordinal)).Select(line => line.Replace(" plugin-" + unique, "", StringComparison.Ordinal)));
        }
    }

    [Fact]
    public async Task Run_FixturePlugins_AreFenced()
    {
        using var plugins = new FixturePlugins();
        plugins.Add("Throwing", name: "a");
        plugins.Add("Hanging", name: "b");
        var set = plugins.Load();

        var threw = await Chain(set.Transforms[0]).RunAsync(Prompts.User("x"), CancellationToken.None).AsTask().WaitAsync(Limit);
        var hanging = Chain(set.Transforms[1]).RunAsync(Prompts.User("x"), CancellationToken.None).AsTask();
        await SpendBudgetAsync(hanging);

        Assert.Equal("Transform 'throwing' of plugin 'a' failed: InvalidOperationException: this plugin always fails", threw.Failure!.Message);
        var hung = (await hanging).Failure!;
        Assert.Equal(("b", "hanging", PluginFailureKind.Timeout), (hung.Plugin, hung.Part, hung.Kind));
        Assert.Equal(["failed: InvalidOperationException: this plugin always fails"], set.Statuses.Where(status => status.Name == "a").Select(status => status.LastError!.Message));
    }

    private static PluginTransform Appends(string text, List<bool>? threads = null) => Does((context, _) =>
    {
        threads?.Add(Thread.CurrentThread.IsThreadPoolThread);
        context.Messages[0].Parts[0].Text += text;
        return ValueTask.CompletedTask;
    }, text);

    private static PluginTransform Does(Func<PromptContext, CancellationToken, ValueTask> what, string name = "it") =>
        new("plugin-" + name, name, 0, new DelegateTransform(what));

    private TestChain Chain(params PluginTransform[] transforms) => new(new(new PluginFence(PluginBudget.OfTransforms(Budget), _metrics, _clock, NullLogger<PluginFence>.Instance)), transforms);

    // RunAsync has set its timer when it returns, so one step is enough.
    private static Task NotAsked(PluginFailure failure) => throw new InvalidOperationException("Nobody was blocked.");

    private async Task SpendBudgetAsync(Task task)
    {
        _clock.Advance(Budget);
        await task.WaitAsync(Limit);
    }

    private void Measured<T>(Instrument instrument, T value, ReadOnlySpan<KeyValuePair<string, object?>> tags) where T : struct, IFormattable
    {
        var labels = string.Join(' ', tags.ToArray().Select(tag => tag.Value));
        lock (_measured)
            _measured.Add($"{instrument.Name["bioproxy_plugin_".Length..]} {value.ToString(null, System.Globalization.CultureInfo.InvariantCulture)} {labels}");
    }

    private sealed class DelegateTransform(Func<PromptContext, CancellationToken, ValueTask> what) : IPromptTransform
    {
        public ValueTask TransformAsync(PromptContext context, CancellationToken cancellationToken) => what(context, cancellationToken);
    }

    private sealed record TestChain(TransformChain Chain, IReadOnlyList<PluginTransform> Transforms)
    {
        public ValueTask<PluginResult> RunAsync(PromptContext context, CancellationToken cancellationToken) => Chain.RunAsync(Transforms, context, cancellationToken);

        public ValueTask<PluginResult> RunHereAsync(PromptContext context, Func<PluginFailure, Task> answer, CancellationToken cancellationToken) => Chain.RunHereAsync(Transforms, context, answer, cancellationToken);
    }
}
