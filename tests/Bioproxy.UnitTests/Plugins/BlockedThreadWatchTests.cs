using Bioproxy.Abstractions;
using Bioproxy.Doubles;
using Bioproxy.Host.Plugins;
using NSubstitute;

namespace Bioproxy.UnitTests.Plugins;

public sealed class BlockedThreadWatchTests : IDisposable
{
    private static readonly TimeSpan Budget = TimeSpan.FromSeconds(2);

    private readonly FakeTimeProvider _time = new();
    private readonly BlockedThreadWatch _watch;

    public BlockedThreadWatchTests() => _watch = new BlockedThreadWatch(Budget, _time);

    public void Dispose() => _watch.Dispose();

    [Fact]
    public void Enter_NothingRuns_TheTimerStandsStill()
    {
        Assert.Equal(0, _time.ActiveTimers);
        var call = _watch.Enter(Run("a"), NotAsked);
        Assert.Equal(1, _time.ActiveTimers);

        Assert.Null(_watch.Leave(call));
        _time.Advance(Budget);

        Assert.Equal(0, _time.ActiveTimers);
    }

    [Fact]
    public async Task Tick_ThreadBlockedForTheBudget_IsAnsweredForOnceWithTheCulprit()
    {
        var run = Run("first");
        var second = Part("second");
        run.End(last: false);
        run.Begin(second, _time.GetTimestamp());
        var answers = new List<(PluginPart Part, long? Started)>();
        var answered = new TaskCompletionSource();
        var call = _watch.Enter(run, culprit =>
        {
            answers.Add(culprit);
            answered.SetResult();
            return Task.CompletedTask;
        });

        _time.Advance(Budget - TimeSpan.FromTicks(1));
        Assert.Null(call.Answered);
        _time.Advance(TimeSpan.FromSeconds(1));
        await answered.Task.DefaultTimeout();
        _time.Advance(10 * Budget);

        Assert.Same(second, Assert.Single(answers).Part);
        Assert.False(run.End(last: true));
        await _watch.Leave(call)!.DefaultTimeout();
    }

    [Fact]
    public void Tick_RunEndedJustBefore_IsNotAnswered()
    {
        var run = Run("a");
        var call = _watch.Enter(run, NotAsked);
        Assert.True(run.End(last: true));

        _time.Advance(10 * Budget);

        Assert.Null(_watch.Leave(call));
    }

    [Fact]
    public async Task Tick_SeveralRuns_OnlyThoseThatAreDueAreAnswered()
    {
        var answered = new TaskCompletionSource();
        var old = _watch.Enter(Run("old"), _ =>
        {
            answered.SetResult();
            return Task.CompletedTask;
        });
        _time.Advance(Budget - TimeSpan.FromMilliseconds(500));
        var young = _watch.Enter(Run("young"), NotAsked);

        _time.Advance(TimeSpan.FromSeconds(1));

        await answered.Task.DefaultTimeout();
        Assert.Null(_watch.Leave(young));
        await _watch.Leave(old)!.DefaultTimeout();
    }

    [Fact]
    public async Task Tick_AnsweringBlocks_OthersAreAnsweredAllTheSame()
    {
        using var release = new ManualResetEventSlim();
        var answered = new TaskCompletionSource();
        var first = _watch.Enter(Run("first"), _ =>
        {
            release.Wait(CancellationToken.None);
            return Task.CompletedTask;
        });
        var second = _watch.Enter(Run("second"), _ =>
        {
            answered.SetResult();
            return Task.CompletedTask;
        });

        _time.Advance(Budget + TimeSpan.FromSeconds(1));

        await answered.Task.DefaultTimeout();
        release.Set();
        await _watch.Leave(first)!.DefaultTimeout();
        await _watch.Leave(second)!.DefaultTimeout();
    }

    private static Task NotAsked((PluginPart Part, long? Started) culprit) => throw new InvalidOperationException("Nothing was blocked.");

    private static PluginTransform Part(string name) => new("plugin-" + name, name, 0, Substitute.For<IPromptTransform>());

    private PluginRun Run(string name)
    {
        var run = new PluginRun(Part(name));
        run.Begin(run.Current, _time.GetTimestamp());
        return run;
    }
}
