using Bioproxy.Doubles;
using Bioproxy.Host.Backends;
using Bioproxy.Host.Models.Slots;
using Bioproxy.Host.WarmUp;
using Bioproxy.UnitTests.Backends;

namespace Bioproxy.UnitTests.WarmUp;

public sealed class PrefixWarmUpTests : IAsyncDisposable
{
    private readonly WarmUpFixture _warm = new();

    public ValueTask DisposeAsync() => _warm.DisposeAsync();

    [Fact]
    public async Task Check_NothingSaved_ComputesInStepsAndSavesOnce()
    {
        await _warm.Model.StartAsync();
        var warmUp = _warm.WarmUp();

        Assert.True(await warmUp.CheckAsync(default).DefaultTimeout());

        Assert.Equal((WarmUpState.Warm, null), (_warm.Status.State, _warm.Status.Problem));
        Assert.Equal(3, _warm.Evaluations.Count);
        var saved = Assert.Single(_warm.Model.Store.All);
        Assert.Equal(
            (WarmUpFixture.Trigger, _warm.Status.CacheableTokens, _warm.Status.TokensHash),
            (saved.Trigger, saved.Tokens, saved.TokensHash));
        _warm.Model.AssertNothingIsOwned();
    }

    [Fact]
    public async Task Check_NothingChanged_AsksNothing()
    {
        await _warm.Model.StartAsync();
        var warmUp = _warm.WarmUp();
        await warmUp.CheckAsync(default).DefaultTimeout();
        var asked = _warm.Model.Api.Calls.Count;

        Assert.True(await warmUp.CheckAsync(default).DefaultTimeout());

        Assert.Equal(asked, _warm.Model.Api.Calls.Count);
    }

    /// <summary>The text is the same, but a template that writes the date renders another prompt.</summary>
    [Theory]
    [InlineData("{{ strftime_now('%d %b %Y') }}{{ messages }}", true)]
    [InlineData("{{ messages }}", false)]
    public async Task Check_OnTheNextDay_LooksAgainWhereTheTemplateWritesTheDate(string chatTemplate, bool looks)
    {
        _warm.Model.Driver.OnDiscover = _ => Task.FromResult(Discovery.Found(
            BackendStatus.Ready, FakeDriver.Facts with { TotalSlots = 2, ChatTemplate = chatTemplate }, null));
        await _warm.Model.StartAsync();
        var warmUp = _warm.WarmUp();
        await warmUp.CheckAsync(default).DefaultTimeout();
        var rendered = _warm.Model.Api.Count("apply-template");
        Assert.NotEqual(0, rendered);

        _warm.Model.Clock.Advance(TimeSpan.FromHours(24));
        Assert.True(await warmUp.CheckAsync(default).DefaultTimeout());

        Assert.Equal(looks, _warm.Model.Api.Count("apply-template") > rendered);
        Assert.Equal(WarmUpState.Warm, _warm.Status.State);
    }

    [Fact]
    public async Task Check_SnapshotIsThere_IsWarmWithoutComputing()
    {
        await _warm.Model.StartAsync();
        await _warm.WarmUp().CheckAsync(default).DefaultTimeout();
        var (evaluated, saved) = (_warm.Evaluations.Count, _warm.Model.Api.Count("save"));

        Assert.True(await _warm.WarmUp().CheckAsync(default).DefaultTimeout());

        Assert.Equal(WarmUpState.Warm, _warm.Status.State);
        Assert.Equal((evaluated, saved), (_warm.Evaluations.Count, _warm.Model.Api.Count("save")));
    }

    [Fact]
    public async Task Check_UserComes_GivesWayAndContinuesWhereItStopped()
    {
        await _warm.Model.StartAsync();
        var second = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _warm.Model.Api.OnEvaluate = async (_, tokens, token) =>
        {
            if (tokens.Length <= 512)
                return null;
            second.TrySetResult();
            await Task.Delay(Timeout.Infinite, token);
            return null;
        };
        var warmUp = _warm.WarmUp();
        var checking = warmUp.CheckAsync(default);
        await second.Task.DefaultTimeout();
        var user = (await _warm.Model.Queue.AcquireAsync(new(Lane.Interactive, 1), default).DefaultTimeout()).Lease!;
        await AdvanceUntilAsync(checking);
        Assert.False(await checking);
        Assert.Equal(WarmUpState.Waiting, _warm.Status.State);
        user.Release();
        _warm.Model.Api.OnEvaluate = null;
        var before = _warm.Evaluations.Count;

        Assert.True(await warmUp.CheckAsync(default).DefaultTimeout());

        Assert.Equal(WarmUpState.Warm, _warm.Status.State);

        // The server may have finished the step that was stopped, and a recurrent state cannot be rolled back: asking for the same again
        // would compute all of it once more.
        Assert.EndsWith($" {_warm.Status.CacheableTokens}", _warm.Evaluations[before], StringComparison.Ordinal);
        _warm.Model.AssertNothingIsOwned();
    }

    [Fact]
    public async Task Check_NothingOfOursExplainsWhatASlotHolds_ItIsNotBuiltOn()
    {
        // Fault 22: a warm-up continued a state that another program had restored wrongly, and made a snapshot of it.
        await _warm.Model.StartAsync();

        await _warm.WarmUp().CheckAsync(default).DefaultTimeout();

        Assert.EndsWith(" anew", _warm.Evaluations[0], StringComparison.Ordinal);
        Assert.All(_warm.Evaluations.Skip(1), call => Assert.False(call.EndsWith(" anew", StringComparison.Ordinal), call));
    }

    [Fact]
    public async Task Check_InstanceRetiredMidStep_StopsAndLeavesNothing()
    {
        await _warm.Model.StartAsync();
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _warm.Model.Api.OnEvaluate = async (_, tokens, token) =>
        {
            if (tokens.Length < 100)
                return null;
            begun.TrySetResult();
            await Task.Delay(Timeout.Infinite, token);
            return null;
        };
        var checking = _warm.WarmUp().CheckAsync(default);
        await begun.Task.DefaultTimeout();

        _warm.Model.Instance.Suspect("test");

        Assert.False(await checking.DefaultTimeout());
        Assert.Equal(0, _warm.Model.Queue.View.WarmUpActive);
        Assert.Empty(_warm.Model.Store.All);
    }

    [Fact]
    public async Task Check_SaveFails_SaysSoAndTriesAgain()
    {
        await _warm.Model.StartAsync();
        _warm.Model.Api.OnSave = static (_, _) => Task.FromResult<BackendAnswer<SlotFileResult>?>(new(null, 500, "disk full", null, null));
        var warmUp = _warm.WarmUp();

        Assert.True(await warmUp.CheckAsync(default).DefaultTimeout());
        Assert.Equal(WarmUpState.Failed, _warm.Status.State);
        Assert.Contains("disk full", _warm.Status.Problem, StringComparison.Ordinal);
        _warm.Model.Api.OnSave = null;
        await warmUp.CheckAsync(default).DefaultTimeout();

        Assert.Equal(WarmUpState.Warm, _warm.Status.State);
    }

    [Fact]
    public async Task Check_BackendNotReady_Waits()
    {
        Assert.True(await _warm.WarmUp().CheckAsync(default).DefaultTimeout());

        Assert.Equal((WarmUpState.Waiting, "not asked yet"), (_warm.Status.State, _warm.Status.Problem));
        Assert.Empty(_warm.Model.Api.Calls);
    }

    private async Task AdvanceUntilAsync(Task done)
    {
        for (var step = 0; step < 100 && !done.IsCompleted; step++)
        {
            await Task.WhenAny(done, _warm.Model.Clock.WhenTimersAsync(1)).DefaultTimeout();
            if (_warm.Model.Clock.UntilNext is { } next)
                _warm.Model.Clock.Advance(next);
        }

        await done.DefaultTimeout();
    }
}
