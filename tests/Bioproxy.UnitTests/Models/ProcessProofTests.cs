using Bioproxy.Doubles;
using Bioproxy.Host.Backends;
using Bioproxy.Host.Models.Slots;
using Bioproxy.Host.Models.Snapshots;
using Bioproxy.UnitTests.Backends;

namespace Bioproxy.UnitTests.Models;

/// <summary>Fault 3 and invariant 10: silence proves nothing, and no belief changes because of it.</summary>
public sealed class ProcessProofTests : IAsyncDisposable
{
    private static readonly string A = ModelFixture.Text('a');

    private readonly ModelFixture _model = new();

    public ValueTask DisposeAsync() => _model.DisposeAsync();

    [Theory]
    [InlineData("props")]
    [InlineData("slots")]
    public async Task Check_Silence_IsNoAnswerAndTheInstanceLives(string what)
    {
        await _model.StartAsync();
        var instance = _model.Instance;
        BeSilent(what);

        Assert.Equal(ProcessCheck.NoAnswer, await _model.Proof.CheckAsync(default).DefaultTimeout());

        Assert.Same(instance, _model.Instance);
        Assert.False(instance.Retired.IsCancellationRequested);
    }

    [Theory]
    [InlineData(nameof(ProcessCheck.Same), true, nameof(ProcessCheck.Same))]
    [InlineData(nameof(ProcessCheck.Unknown), true, nameof(ProcessCheck.Same))]
    [InlineData(nameof(ProcessCheck.Same), false, nameof(ProcessCheck.Same))]
    [InlineData(nameof(ProcessCheck.Unknown), false, nameof(ProcessCheck.Other))]
    [InlineData(nameof(ProcessCheck.Other), true, nameof(ProcessCheck.Other))]
    public async Task Check_MarkerAndSlots_ShowTheProcess(string marker, bool isSameConnection, string expected)
    {
        await _model.StartAsync();
        var instance = _model.Instance;
        _model.Driver.OnCheckProcess = _ => Task.FromResult(Enum.Parse<ProcessCheck>(marker));
        if (!isSameConnection)
        {
            // Nothing anchors the new list: another connection, and a task number that moved in every slot.
            _model.Api.Connection = new() { Connection = 2, Established = long.MaxValue };
            _model.Api.Run(0, 5);
            _model.Api.Run(1, 5);
        }

        Assert.Equal(Enum.Parse<ProcessCheck>(expected), await _model.Proof.CheckAsync(default).DefaultTimeout());

        Assert.Equal(expected == nameof(ProcessCheck.Same), ReferenceEquals(instance, _model.Instance));
    }

    [Theory]
    [InlineData("props")]
    [InlineData("slots")]
    public async Task Restore_Silence_TouchesNothing(string what)
    {
        await _model.StartAsync();
        await _model.RunAsync(A);
        await _model.RunAsync(ModelFixture.Text('b'));
        var held = _model.Table.ContentOf(0);
        var snapshot = _model.AddSnapshot(ModelFixture.Text('c'));
        BeSilent(what);
        var restorer = new Restorer(_model.Context, _model.Seen, _model.Table, _model.Proof);
        var work = _model.Table.TryBegin(new SlotPlan(PromptSource.Restored, 0, 0), snapshot.Chain)!;

        Assert.Equal(RestoreResult.NotTouched, await restorer.RestoreAsync(work, snapshot, default).DefaultTimeout());
        _model.Table.Withdraw(work);

        Assert.NotNull(held);
        Assert.Same(held, _model.Table.ContentOf(0));
        Assert.Equal(0, _model.Api.Count("restore") + _model.Api.Count("erase"));
    }

    [Fact]
    public async Task Save_ProofIsSilentAtFirst_TheSaveSurvives()
    {
        var (writer, content) = await SavingAsync();
        var asked = 0;
        _model.Driver.OnCheckProcess = _ => Task.FromResult(++asked < 3 ? ProcessCheck.NoAnswer : ProcessCheck.Same);

        var saving = writer.SaveConversationAsync(0, content, default);
        for (var i = 0; i < 2; i++)
        {
            await _model.Clock.WhenTimersAsync(1).DefaultTimeout();
            _model.Clock.Advance(TimeSpan.FromSeconds(2));
        }

        Assert.NotNull((await saving.DefaultTimeout()).Snapshot);
        Assert.Equal((3, 1), (asked, _model.Store.Count));
    }

    [Fact]
    public async Task Save_ProofIsSilentForMinutes_TheFileIsNotUsed()
    {
        var (writer, content) = await SavingAsync();
        _model.Driver.OnCheckProcess = static _ => Task.FromResult(ProcessCheck.NoAnswer);

        var saving = writer.SaveConversationAsync(0, content, default);
        while (!saving.IsCompleted)
        {
            await Task.WhenAny(saving, _model.Clock.WhenTimersAsync(1)).DefaultTimeout();
            _model.Clock.Advance(TimeSpan.FromSeconds(2));
        }

        var outcome = await saving;
        Assert.Null(outcome.Snapshot);
        Assert.NotNull(outcome.Problem);
        Assert.Equal(0, _model.Store.Count);
    }

    [Fact]
    public async Task Save_ByAnotherProcess_TheFileIsNotUsed()
    {
        var (writer, content) = await SavingAsync();
        _model.Driver.OnCheckProcess = static _ => Task.FromResult(ProcessCheck.Other);

        Assert.Null((await writer.SaveConversationAsync(0, content, default).DefaultTimeout()).Snapshot);
        Assert.Equal(0, _model.Store.Count);
    }

    private async Task<(SnapshotWriter Writer, SlotContent Content)> SavingAsync()
    {
        await _model.StartAsync();
        await _model.RunAsync(A);
        return (_model.Instance.Writer, _model.Table.View().First(slot => slot.Content?.Tokens == 1000) is { Id: 0 } slot
            ? slot.Content!
            : throw new InvalidOperationException("the first prompt went to another slot than 0"));
    }

    private void BeSilent(string what)
    {
        if (what == "props")
            _model.Driver.OnCheckProcess = static _ => Task.FromResult(ProcessCheck.NoAnswer);
        else
            _model.Api.OnSlots = static _ => Task.FromResult<BackendAnswer<IReadOnlyList<SlotRow>>?>(Silence());

        static BackendAnswer<IReadOnlyList<SlotRow>> Silence() => FakeSlotApi.Fails<IReadOnlyList<SlotRow>>(FakeSlotApi.Silence);
    }
}
