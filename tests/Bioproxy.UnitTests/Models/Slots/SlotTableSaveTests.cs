using Bioproxy.Host.Models.Slots;
using Bioproxy.Host.Prompts;
using Bioproxy.UnitTests.PromptTests;

namespace Bioproxy.UnitTests.Models.Slots;

/// <summary>Slots that are taken for saving what they hold, and who waits for that.</summary>
public sealed class SlotTableSaveTests
{
    private static readonly string System_ = new('s', 3000);
    private static readonly string Talk = System_ + new string('t', 3000);
    private static readonly SlotPlan Anywhere = new(PromptSource.Cold, null, 0);

    private readonly SlotTable _table = new(2);

    [Fact]
    public void TryBeginSave_FreeSlot_IsNobodyElsesMeanwhile()
    {
        var content = Hold(0, Talk);

        var work = _table.TryBeginSave(0, content);

        Assert.NotNull(work);
        Assert.Null(_table.ContentOf(0));
        Assert.Null(_table.TryBeginSave(0, content));
        Assert.Null(_table.TryBegin(Pin(0), null));
        Assert.Empty(_table.Unsaved());
        using var another = TestPrompts.Of("another");
        Assert.NotEqual(0, _table.Plan(another, 0).Slot);
        Assert.True(_table.View()[0].IsBusy);
    }

    [Fact]
    public void TryBeginSave_NotItsSlotAnyMore_IsRefused()
    {
        var content = Hold(0, Talk);
        Assert.Null(_table.TryBeginSave(1, content));
        Assert.Null(_table.TryBeginSave(2, content));

        var busy = _table.TryBegin(Pin(0), null)!;
        Assert.Null(_table.TryBeginSave(0, content));
        _table.Started(busy);
        _table.End(busy, content with { Turns = 2 }, null);
        Assert.Null(_table.TryBeginSave(0, content));
    }

    [Fact]
    public void TryBeginSave_WorkOfTheServersChoiceIsOnItsWay_IsRefused()
    {
        var content = Hold(0, Talk, held: 10);
        var unpinned = _table.TryBegin(Anywhere, null)!;
        Assert.Null(_table.TryBeginSave(0, content));

        _table.Started(unpinned);
        Poll(Row(0, 1, 10), Row(1, 2, 5, busy: true));

        Assert.NotNull(_table.TryBeginSave(0, content));
    }

    [Fact]
    public void EndSave_Saved_TheContentIsSafeAndTheSlotFree()
    {
        var content = Hold(0, Talk);
        var saved = new SavedPrefix("a.bin", 1500, content.Chain, IsConversation: true);

        _table.EndSave(_table.TryBeginSave(0, content)!, saved, isContradicted: false);

        Assert.Equal(content with { IsSaved = true, Saved = saved }, _table.ContentOf(0));
        Assert.Empty(_table.Unsaved());
        Assert.NotNull(_table.TryBegin(Pin(0), null));
    }

    [Fact]
    public void EndSave_Failed_TheContentStaysAndIsNotTriedAgain()
    {
        var content = Hold(0, Talk);

        _table.EndSave(_table.TryBeginSave(0, content)!, null, isContradicted: false);

        Assert.Equal(content with { Tokens = 0 }, _table.ContentOf(0));
    }

    [Fact]
    public void EndSave_ServerHeldSomethingElse_TheSlotIsUnknown()
    {
        var content = Hold(0, Talk);

        _table.EndSave(_table.TryBeginSave(0, content)!, null, isContradicted: true);

        Assert.Null(_table.ContentOf(0));
        Assert.NotNull(_table.TryBegin(Pin(0), null));
    }

    [Fact]
    public void EndSave_Twice_CountsOnce()
    {
        var content = Hold(0, Talk);
        var work = _table.TryBeginSave(0, content)!;
        _table.EndSave(work, null, isContradicted: false);

        _table.EndSave(work, null, isContradicted: true);

        Assert.NotNull(_table.ContentOf(0));
    }

    [Fact]
    public void EndSave_ServerEmptiesIdleSlotsAndAnotherBegan_TheContentIsForgotten()
    {
        _table.SetClearsIdleSlots(true);
        var content = Hold(0, Talk);
        var work = _table.TryBeginSave(0, content)!;

        Assert.NotNull(_table.TryBegin(Pin(1), null));
        _table.EndSave(work, new SavedPrefix("a.bin", 1500, content.Chain, IsConversation: true), isContradicted: false);

        Assert.Null(_table.ContentOf(0));
        Assert.False(_table.View()[0].IsBusy);
    }

    /// <summary>The server chose the slot for work that told so: what was saved is not what it holds now.</summary>
    [Fact]
    public void EndSave_AnotherUsedTheSlotMeanwhile_WhatItLeftIsNotSaved()
    {
        var content = Hold(0, Talk);
        var work = _table.TryBeginSave(0, content)!;
        var unpinned = _table.TryBegin(Anywhere, null)!;
        _table.Started(unpinned);
        _table.End(unpinned, Content("another conversation"), 9, slot: 0);

        _table.EndSave(work, new SavedPrefix("a.bin", 1500, content.Chain, IsConversation: true), isContradicted: false);

        Assert.Equal((false, null), (_table.ContentOf(0)!.IsSaved, _table.ContentOf(0)!.Saved));
    }

    /// <summary>A poll during the save is the only one that can show that others used the slot.</summary>
    [Fact]
    public void Learn_AnotherUsedTheSlotMeanwhile_TheContentIsForgotten()
    {
        Poll(Row(0), Row(1));
        var content = Hold(0, Talk, held: 1500);
        var work = _table.TryBeginSave(0, content)!;
        var unpinned = _table.TryBegin(Anywhere, null)!;
        _table.Started(unpinned);
        _table.End(unpinned, null, null);

        Poll(Row(0, 9, 20), Row(1));
        _table.EndSave(work, new SavedPrefix("a.bin", 1500, content.Chain, IsConversation: true), isContradicted: false);
        Poll(Row(0, 9, 20), Row(1));

        Assert.Null(_table.ContentOf(0));
    }

    [Fact]
    public void IsUnpinnedIdle_WorkIsOnASlotThatIsBeingSaved_HasNotLeft()
    {
        Assert.NotNull(_table.TryBeginSave(0, Hold(0, Talk)));
        Assert.NotNull(_table.TryBegin(Anywhere, null));

        Assert.False(_table.IsUnpinnedIdle([0]));
        Assert.True(_table.IsUnpinnedIdle([]));
    }

    [Fact]
    public void OwnWorkOn_AWarmUpComputesItsPrefix_IsThatWork()
    {
        using var template = TestPrompts.Of(System_);
        var warmUp = _table.TryBegin(Pin(0), template.Chain, isWarmUp: true)!;

        Assert.Same(warmUp, OwnWorkOn(Talk));
        Assert.Same(warmUp, OwnWorkOn(System_));
        Assert.Null(OwnWorkOn("another"));
        Assert.Null(OwnWorkOn(System_[..2000])); // it computes more than that
        Assert.False(warmUp.WhenEnded.IsCompleted);

        _table.End(warmUp, null, null);
        Assert.True(warmUp.WhenEnded.IsCompleted);
        Assert.Null(OwnWorkOn(Talk));
    }

    [Fact]
    public void OwnWorkOn_AUsersWork_IsNotWaitedFor()
    {
        using var prompt = TestPrompts.Of(System_);
        Assert.NotNull(_table.TryBegin(Pin(0), prompt.Chain));

        Assert.Null(OwnWorkOn(Talk));
    }

    [Fact]
    public void Plan_ItsConversationIsBeingSaved_WaitsForThatSave()
    {
        var save = _table.TryBeginSave(0, Hold(0, Talk))!;
        using var next = TestPrompts.Of(Talk + "and more");
        using var edited = TestPrompts.Of(Talk[..^1] + "edited");
        using var another = TestPrompts.Of("another");

        foreach (var prompt in new[] { next, edited })
        {
            var plan = _table.Plan(prompt, TestPlans.Context(0));
            Assert.Equal((PromptSource.Hot, 0), (plan.Source, plan.Slot));
            Assert.Same(save, plan.Save);
            Assert.Null(_table.TryPlanAndBegin(prompt, TestPlans.Context(0), 1, isWarmUp: false, isPollOld: false));
            Assert.Null(_table.Plan(prompt, TestPlans.Context(0) with { WaitsForNoSave = true }).Save);
            Assert.Equal(PromptSource.Hot, _table.Estimate(prompt, TestPlans.Context(0)).Source);
        }

        Assert.Null(_table.Plan(another, TestPlans.Context(0)).Save);
        _table.EndSave(save, null, isContradicted: false);
        Assert.Null(_table.Plan(edited, TestPlans.Context(0)).Save);
    }

    [Fact]
    public void OwnWorkOn_TheOnlyIdleSlotIsBeingSaved_IsThatSave()
    {
        var save = _table.TryBeginSave(0, Hold(0, Talk))!;
        var busy = _table.TryBegin(Pin(1), null)!;

        Assert.Same(save, OwnWorkOn("another"));

        _table.End(busy, null, null);
        Assert.Null(OwnWorkOn("another"));
    }

    [Fact]
    public void Retire_WhileSaving_WaitersWake()
    {
        var content = Hold(0, Talk);
        var save = _table.TryBeginSave(0, content)!;

        _table.Retire();
        _table.EndSave(save, null, isContradicted: true);

        Assert.True(save.WhenEnded.IsCompleted);
        Assert.Equal(content, _table.View()[0].Content);
    }

    [Theory]
    [InlineData("Make a title.", "ada", "1", true)]
    [InlineData("Make a title.", "ada", "2", false)]
    [InlineData("Make a title.", "ada", null, false)]
    [InlineData("Make a title.", "bob", "1", false)]
    [InlineData("talk", "ada", "1", false)]
    public void IsBesideItsConversation_SaysItBelongsToItAndSharesNothing_IsBeside(
        string text, string domain, string? session, bool isBeside)
    {
        Hold(0, Talk, domain: "ada", session: "1");
        using var prompt = TestPrompts.Of(text == "talk" ? Talk + "and more" : text, domain, session);

        Assert.Equal(isBeside, _table.IsBesideItsConversation(prompt));
    }

    /// <summary>A title is asked for first, and the conversation's first turn comes when its slot holds the title.</summary>
    [Fact]
    public void IsBesideItsConversation_MoreToolsOrMoreTurns_IsTheConversation()
    {
        Hold(0, "Make a title.", session: "1");

        Assert.False(IsBeside("""{"tools":[{}],"messages":[{"role":"user","content":"q"}]}"""));
        Assert.False(IsBeside("""{"messages":[{"role":"user","content":"q"},{"role":"assistant"},{"role":"user","content":"r"}]}"""));
        Assert.True(IsBeside("""{"messages":[{"role":"user","content":"q"}]}"""));
    }

    /// <summary>After a compaction a conversation begins anew behind its own system message.</summary>
    [Fact]
    public void IsBesideItsConversation_TheSameOpening_IsTheConversation()
    {
        var opening = """{"tools":[{}],"messages":[{"role":"system","content":"s"},{"role":"user","content":"QUESTION"}]}""";
        using var before = TestPrompts.Chat(opening);
        Hold(0, Talk, session: "1", change: content => content with { Turns = 9, Tools = 1, Opening = before.Opening });

        Assert.NotEqual(0ul, before.Opening);
        Assert.False(IsBeside(opening.Replace("QUESTION", "The summary.", StringComparison.Ordinal)));
        Assert.True(IsBeside(opening.Replace("\"s\"", "\"t\"", StringComparison.Ordinal)));
    }

    [Fact]
    public void End_AConversationWithMoreTools_TheTitleBeforeItWasASideRequest()
    {
        Hold(0, "Make a title.", session: "1");
        Hold(1, Talk, session: "1", change: content => content with { Tools = 10 });

        Assert.True(_table.View()[0].Content!.IsSide);
        Assert.False(_table.View()[1].Content!.IsSide);
    }

    [Theory]
    [InlineData("2", null)]
    [InlineData("1", "ada")]
    public void End_AConversationOfAnother_SaysNothingOfATitle(string session, string? domain)
    {
        Hold(0, "Make a title.", session: "1");
        Hold(1, Talk, session: session, domain: domain, change: content => content with { Tools = 10 });

        Assert.False(_table.View()[0].Content!.IsSide);
    }

    [Fact]
    public void Plan_ASideRequestOfItsSession_PaysForRollingTheConversationBack()
    {
        Hold(0, Talk, session: "1");
        var rolledBack = System_ + new string('x', 3000);
        using var edited = TestPrompts.Of(rolledBack, session: "1");
        using var side = TestPrompts.Of(rolledBack, session: "1");
        side.Side = SideKind.Task;

        Assert.Equal(0, CostOfRollingBack(edited));
        Assert.True(CostOfRollingBack(side) > 0);
    }

    private double CostOfRollingBack(CanonicalPrompt prompt) =>
        _table.Plan(prompt, TestPlans.Context(0)).Considered!.Single(option => option is { IsPartial: true, Slot: 0 }).EvictionCost;

    private bool IsBeside(string chat)
    {
        using var prompt = TestPrompts.Chat(chat, session: "1");
        return _table.IsBesideItsConversation(prompt);
    }

    private SlotWork? OwnWorkOn(string text)
    {
        using var prompt = TestPrompts.Of(text);
        return _table.OwnWorkOn(prompt);
    }

    private SlotContent Hold(
        int slot,
        string text,
        int? held = null,
        string? domain = null,
        string? session = null,
        Func<SlotContent, SlotContent>? change = null)
    {
        var work = _table.TryBegin(Pin(slot), null)!;
        _table.Started(work);
        var content = Content(text) with { Domain = domain, Session = session };
        content = change?.Invoke(content) ?? content;
        _table.End(work, content, held);
        return content;
    }

    private static SlotContent Content(string text)
    {
        using var prompt = TestPrompts.Of(text);
        return new SlotContent(prompt.Chain, 1, IsSaved: false) { Tokens = 1500, PromptTokens = 1490 };
    }

    private void Poll(params SlotObservation[] rows) => _table.Learn(_table.BeginPoll(), rows, isSameConnection: true);

    private static SlotObservation Row(int id, long? task = null, int? tokens = null, bool busy = false) => new(id, busy, task, tokens);

    private static SlotPlan Pin(int slot) => new(PromptSource.Hot, slot, 0);
}
