using Bioproxy.Doubles;
using Bioproxy.Host.Backends;

namespace Bioproxy.UnitTests.Models.Recognition;

public sealed class ModelRecognitionTests : IAsyncDisposable
{
    private readonly ModelFixture _model = new();

    public ValueTask DisposeAsync() => _model.DisposeAsync();

    [Fact]
    public async Task Run_SameModelAgain_HasTheSameFingerprint()
    {
        await _model.StartAsync();
        var first = _model.Instance.Recognition.Fingerprint;
        await _model.ReplaceAsync();
        await _model.Instance.Recognition.FirstAttempt.DefaultTimeout();

        Assert.Equal(first, _model.Instance.Recognition.Fingerprint);
        Assert.Equal(_model.Clock.GetUtcNow(), _model.Instance.Recognition.Since);
        _model.AssertNothingIsOwned();
    }

    [Fact]
    public async Task Run_OtherWeights_HasAnotherFingerprint()
    {
        await _model.StartAsync();
        var first = _model.Instance.Recognition.Fingerprint;
        _model.Api.OnProbe = _ => Task.FromResult<BackendAnswer<IReadOnlyDictionary<int, double>>?>(
            new(new Dictionary<int, double> { [1] = -4, [2] = -0.1 }, 200, null, null, _model.Api.Connection));
        await _model.ReplaceAsync();
        await _model.Instance.Recognition.FirstAttempt.DefaultTimeout();

        Assert.NotEqual(first, _model.Instance.Recognition.Fingerprint);
    }

    [Fact]
    public async Task Run_RetiredWhileProbing_CannotDisturbItsSuccessor()
    {
        // Fault 10: a late recognition of the old process set the fingerprint under which the new one's slots were saved.
        var probing = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var late = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _model.Api.OnProbe = async _ =>
        {
            if (!probing.TrySetResult())
                return null;
            await late.Task;
            return new(new Dictionary<int, double> { [1] = -9 }, 200, null, null, _model.Api.Connection);
        };
        await _model.CheckAsync();
        await probing.Task.DefaultTimeout();
        var old = _model.Instance;
        await _model.ReplaceAsync();
        await _model.Instance.Recognition.FirstAttempt.DefaultTimeout();
        var (successor, fingerprint) = (_model.Instance, _model.Instance.Recognition.Fingerprint);
        Assert.NotNull(fingerprint);
        var view = successor.Table.View();

        late.SetResult();
        await old.Recognition.FirstAttempt.DefaultTimeout();

        Assert.Null(old.Recognition.Fingerprint);
        Assert.Equal(fingerprint, successor.Recognition.Fingerprint);
        Assert.Equal(view, successor.Table.View());
        Assert.Equal([fingerprint], _model.Store.LoadedFingerprints);
        _model.AssertNothingIsOwned();
    }

    [Fact]
    public async Task Run_CatchingUpThrows_TheLeaseIsReleasedAndItTriesAgain()
    {
        // Fault 10: the lease was released after the poll, so a poll that threw kept it.
        var polls = 0;
        _model.Api.OnSlots = _ => ++polls == 3
            ? throw new InvalidOperationException("test")
            : Task.FromResult<BackendAnswer<IReadOnlyList<SlotRow>>?>(null);
        await _model.CheckAsync();
        await _model.Instance.Recognition.FirstAttempt.DefaultTimeout();

        Assert.True(polls >= 3);
        _model.AssertNothingIsOwned();
    }

    [Fact]
    public async Task Run_ProbeFails_TriesAgainAfterAPause()
    {
        var probes = 0;
        _model.Api.OnProbe = _ => Task.FromResult<BackendAnswer<IReadOnlyDictionary<int, double>>?>(
            ++probes == 1 ? new(null, 500, "test", null, null) : null);
        await _model.CheckAsync();
        await _model.Instance.Recognition.FirstAttempt.DefaultTimeout();
        Assert.Null(_model.Instance.Recognition.Fingerprint);
        _model.AssertNothingIsOwned();

        await _model.Clock.WhenTimersAsync(1).DefaultTimeout();
        _model.Clock.Advance(TimeSpan.FromSeconds(5));

        await _model.Instance.Recognition.Recognised.DefaultTimeout();
        Assert.NotNull(_model.Instance.Recognition.Fingerprint);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Run_SecondSlotStarts_TellsWhetherIdleOnesAreEmptied(bool isUnified)
    {
        _model.Api.OnEvaluate = (slot, tokens, _) =>
        {
            if (isUnified)
                _model.Api.Set(slot == 0 ? 1 : 0, 0);
            return Task.FromResult<BackendAnswer<EvaluationResult>?>(null);
        };

        await _model.StartAsync();

        Assert.Equal(isUnified, _model.Table.ClearsIdleSlots);
    }
}
