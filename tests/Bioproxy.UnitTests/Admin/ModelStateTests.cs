using System.Text;
using Bioproxy.Host.Admin;
using Bioproxy.Host.Models.Slots;
using Bioproxy.Host.Models.Snapshots;
using Bioproxy.Host.Prompts;
using Bioproxy.Host.WarmUp;
using Bioproxy.UnitTests.Models;

namespace Bioproxy.UnitTests.Admin;

/// <summary>What the admin pages are given, made from the real objects.</summary>
public sealed class ModelStateTests : IAsyncDisposable
{
    private readonly ModelFixture _model = new();
    private readonly ModelState _state;

    public ModelStateTests() => _state = new ModelState(_model.Model);

    public ValueTask DisposeAsync() => _model.DisposeAsync();

    [Fact]
    public async Task Backend_Recognised_HasItsFactsAndItsFingerprint()
    {
        Assert.False(_state.Backend.IsServing);
        await _model.StartAsync();

        var backend = _state.Backend;

        Assert.True(backend.IsServing);
        Assert.Equal(_model.Instance.Recognition.Fingerprint, backend.Fingerprint);
        Assert.Equal(_model.Instance.Number, backend.Instance);
        var model = backend.Model!;
        Assert.Equal(("fake-model", "b1-fake", 2, 32768), (model.Name, model.Build, model.Slots, model.ContextPerSlot));
        Assert.True(model.CanSaveSlots);
        Assert.Equal((2, 0), (_state.Queue.Capacity, _state.Queue.Used));
        Assert.Equal(["interactive", "batch", "warm-up"], _state.Queue.Lanes.Select(lane => lane.Name));
    }

    [Fact]
    public async Task Backend_CannotSaveSlots_NamesTheFlag()
    {
        _model.Driver.OnDiscover = _ => Task.FromResult(_model.Ready with { Facts = _model.Ready.Facts! with { CanSaveSlots = false } });
        await _model.CheckAsync();

        Assert.Contains("--slot-save-path", _state.Backend.Model!.Missing, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Slots_AtWork_ShowWhatTheyHold()
    {
        await _model.StartAsync();
        var template = PromptChain.Of(Encoding.UTF8.GetBytes(new string('t', 3000)));
        _model.Store.Add(Saved("file-a.bin", "@code", template));
        Begin(0, new SlotContent(template, 1, IsSaved: true));
        Begin(1, new SlotContent(PromptChain.Of("a question"u8), 1, IsSaved: false), isEnded: true);

        Assert.Equal(
            [
                new SlotSummary(0, true, new SlotHolding(SlotKind.Template, "@code", 3000), 2, true) { Turns = 1 },
                new SlotSummary(1, false, new SlotHolding(SlotKind.Conversation, null, 10), 2, false) { Turns = 1 },
            ],
            _state.Slots([WarmUpStatus.Initial("@code")]));
    }

    [Fact]
    public async Task Snapshots_AddedAndJudged_AreListedWithTheirRestores()
    {
        await _model.StartAsync();
        var snapshot = Saved("file-a.bin", "@code", PromptChain.Of("template"u8));
        _model.Store.Add(snapshot);
        _model.Store.Quarantine(Saved("file-b.bin", "@code", PromptChain.Of("other"u8)), "its file is gone");
        _model.Context.Effectiveness.Judge(snapshot, 1000);
        _model.Context.Effectiveness.Failed(snapshot);

        Assert.Equal(
            [new SnapshotSummary("file-a.bin", "@code", snapshot.Fingerprint, true, 1000, 4000, snapshot.Created)], _state.Snapshots);
        Assert.Equal(["file-b.bin: its file is gone"], _state.Quarantined);
        Assert.Equal(["effective 1000", "failed "], _state.Restores.Select(restore => $"{restore.Status} {restore.Reused}"));
        Assert.Null(_state.RestoreDisabledReason);
    }

    private Snapshot Saved(string file, string trigger, PromptChain chain) =>
        new(file, trigger, _model.Instance.Recognition.Fingerprint!, 1000, "hash", 4000, _model.Clock.GetUtcNow(), chain);

    private void Begin(int slot, SlotContent content, bool isEnded = false)
    {
        var work = _model.Table.TryBegin(new SlotPlan(PromptSource.Hot, slot, 0), content.Chain)!;
        _model.Table.Started(work);
        _model.Table.SetContent(work, content);
        if (isEnded)
            _model.Table.End(work, content, heldTokens: null);
    }
}
