using System.Text;
using Bioproxy.Host.Models.Slots;
using Bioproxy.Host.Prompts;

namespace Bioproxy.UnitTests.Models.Slots;

public sealed class SlotTableTests
{
    private static readonly SlotPlan Anywhere = new(PromptSource.Cold, null, 0);

    private readonly SlotTable _table = new(3);

    [Fact]
    public void Plan_NothingKnown_LetsTheBackendChoose() => Assert.Equal(Anywhere, _table.Plan(Prompt("a"), 0));

    [Fact]
    public void Plan_NothingKnownOfThePrompt_GoesWhereTheBackendWouldPutIt()
    {
        Poll([Row(0), Row(1), Row(2)]);
        Assert.Equal(Cold(0), _table.Plan(Prompt("a"), 0)); // never used
        Hold(0, "first");
        Hold(1, "second");
        Hold(2, "third");
        Hold(0, "fourth");

        Assert.Equal(Cold(1), _table.Plan(Prompt("a"), 0)); // the least recently used
        Begin(1);
        Assert.Equal(Cold(2), _table.Plan(Prompt("a"), 0));
        Poll([Row(0, 1, 0), Row(1), Row(2, 2, 5)]);
        Assert.Equal(Cold(0), _table.Plan(Prompt("a"), 0)); // emptied
    }

    [Fact]
    public void Plan_ASlotHoldsWhatIsNotKnown_LetsTheBackendChoose()
    {
        Poll([Row(0), Row(1, 5, 30), Row(2)]);
        Assert.Equal(Anywhere, _table.Plan(Prompt("a"), 0));

        Begin(1);

        Assert.Equal(Cold(0), _table.Plan(Prompt("a"), 0));
    }

    /// <summary>Works that cannot be told apart leave slots of which only the set is known: what is in none of them may be
    /// pinned.</summary>
    [Fact]
    public void Plan_SlotsHoldWhatCannotBeToldApart_OnlyTheirPromptsAreLeftToTheBackend()
    {
        var (first, second) = (new string('1', 2000), new string('2', 2000));
        Poll([Row(0), Row(1), Row(2)]);
        Unpinned(first, held: 500);
        Unpinned(second, held: 500);
        Poll([Row(0, 4, 500), Row(1, 5, 500), Row(2)]);

        Assert.Equal(Anywhere, _table.Plan(Prompt(first + " and more"), 0));
        Assert.Equal(Anywhere, _table.Plan(Prompt(second + " and more"), 0));
        Assert.Equal(Cold(2), _table.Plan(Prompt("third"), 0));

        Unpinned(first + " and more", held: 510);
        Poll([Row(0, 4, 500), Row(1, 9, 510), Row(2)]);
        Assert.Equal(new SlotPlan(PromptSource.Hot, 1, 2009), _table.Plan(Prompt(first + " and more and more"), 0));
    }

    [Fact]
    public void Plan_WorkWasSeenAtItsSlotAndEndedLater_ItsSlotIsKnown()
    {
        Poll([Row(0), Row(1), Row(2)]);
        var work = TryBegin(Anywhere, Prompt("system").Chain)!;
        Poll([Row(0), Row(1, 5, 3, busy: true), Row(2)]);
        _table.End(work, Holding("system"), 9);
        Poll([Row(0), Row(1, 5, 9), Row(2)]);

        Assert.Equal(1, _table.Plan(Prompt("system and"), 0).Slot);
    }

    [Fact]
    public void Plan_PinnedWorkWasBrokenOff_ItsPromptIsLeftToTheBackend()
    {
        var text = new string('t', 2000);
        Poll([Row(0), Row(1), Row(2)]);
        Hold(0, "old");
        _table.End(TryBegin(Pin(0), Prompt(text).Chain)!, null, null);

        Assert.Equal(Anywhere, _table.Plan(Prompt(text), 0));
        Assert.Equal(Cold(1), _table.Plan(Prompt("another"), 0));
    }

    [Fact]
    public void Plan_AfterAProbe_ItsSlotsHoldNothingOfAnybody()
    {
        Poll([Row(0), Row(1), Row(2)]);
        _table.End(TryBegin(Anywhere, null)!, SlotContent.Nothing, null);
        Poll([Row(0, 4, 2), Row(1, 5, 54), Row(2)]);

        Assert.Equal(Cold(2), _table.Plan(Prompt("a"), 0));
        Assert.False(_table.HoldsUnsaved(1));
    }

    /// <summary>The server, too, continues the slot that shares the most, from a tenth of the prompt on.</summary>
    [Theory]
    [InlineData(9000, true)]
    [InlineData(9500, false)]
    public void Plan_ASlotSharesSome_IsTakenWhenItIsATenthOfThePrompt(int rest, bool isTaken)
    {
        var shared = new string('s', 1024);
        Poll([Row(0), Row(1), Row(2)]);
        Hold(0, "other");
        Hold(1, shared + new string('x', 200));
        Hold(2, "another");

        Assert.Equal(isTaken ? new SlotPlan(PromptSource.Hot, 1, 1024) : Cold(0), _table.Plan(Prompt(shared + new string('y', rest)), 0));
    }

    [Fact]
    public void Plan_DisplacedByAColdPin_IsExpectedInRamAndPinnedToASlotThatAsksForIt()
    {
        var long_ = new string('l', 3000);
        Poll([Row(0), Row(1), Row(2)]);
        Hold(0, long_);
        Hold(1, "second");
        _table.End(TryBegin(Cold(0), Prompt("new").Chain)!, Holding("new"), 3);

        var expected = new SlotPlan(PromptSource.Cold, 1, 3000, IsExpectedInRam: true); // not 2, which is empty
        Assert.Equal(expected, _table.Plan(Prompt(long_ + " and more"), 0));
    }

    [Fact]
    public void Plan_NoPrompt_LetsTheBackendChoose()
    {
        Hold(0, "a");

        Assert.Equal(Anywhere, _table.Plan(null, 500));
    }

    [Fact]
    public void Plan_SlotHoldsAPrefix_IsPinnedToTheLongest()
    {
        Hold(0, "system");
        Hold(1, "system and user");
        Hold(2, "system and user and somebody else");

        Assert.Equal(new SlotPlan(PromptSource.Hot, 1, 15), _table.Plan(Prompt("system and user and more"), 0));
    }

    [Theory]
    [InlineData(2000, "Hot")]
    [InlineData(2001, "Hot")]
    [InlineData(3000, "Restored")]
    public void Plan_SnapshotAndSlot_TheSnapshotHasToSaveMoreThanItsRestoreCosts(int snapshot, string expected)
    {
        var system = new string('s', 2000);
        Hold(0, system);

        Assert.Equal(expected, _table.Plan(Prompt(system + new string('u', 2000)), snapshot).Source.ToString());
    }

    [Fact]
    public void Plan_GoingBackSavesMoreThanItLoses_SlotIsRolledBack()
    {
        var shared = new string('s', 2048);
        Hold(1, shared + new string('x', 2000));

        Assert.Equal(new SlotPlan(PromptSource.Hot, 1, 2048), _table.Plan(Prompt(shared + "other"), 0));
    }

    [Fact]
    public void Plan_GoingBackLosesMoreThanItSaves_SlotIsLeftAlone()
    {
        var shared = new string('s', 2048);
        Hold(1, shared + new string('x', 10_000));

        Assert.Equal(Anywhere, _table.Plan(Prompt(shared + "other"), 0));
    }

    [Theory]
    [InlineData(2048, "Restored")]
    [InlineData(1500, "Restored")]
    [InlineData(500, "Hot")]
    public void Plan_RollBackAgainstSnapshot_TheSnapshotWinsUnlessItCoversMuchLess(int snapshot, string expected)
    {
        var shared = new string('s', 2048);
        Hold(1, shared + new string('x', 2000));

        Assert.Equal(expected, _table.Plan(Prompt(shared + "other"), snapshot).Source.ToString());
    }

    [Fact]
    public void Plan_PartlyEvaluatedContent_CountsForItsPart()
    {
        var text = new string('t', 1000);
        Hold(0, text, coverage: 0.25);

        Assert.Equal(new SlotPlan(PromptSource.Hot, 0, 250), _table.Plan(Prompt(text), 0));
        Assert.Equal(PromptSource.Restored, _table.Plan(Prompt(text), 600).Source);
        Assert.Equal(Anywhere, _table.Plan(Prompt(text[..900]), 0));
    }

    [Fact]
    public void Plan_BusySlot_IsNeitherContinuedNorOverwritten()
    {
        var system = new string('s', 2000);
        Hold(0, system);
        Begin(0);
        Begin(1);

        Assert.Equal(Anywhere, _table.Plan(Prompt(system + "and"), 0));
        Assert.Equal(2, _table.Plan(Prompt(system + "and"), 2000).Slot);
        Begin(2);
        Assert.Equal(Anywhere, _table.Plan(Prompt(system + "and"), 2000));
    }

    [Fact]
    public void Plan_RestoreTarget_IsEmptyThenSavedThenWorthLeastThenLeastRecentlyUsed()
    {
        Hold(0, new string('1', 9000));
        Hold(1, new string('2', 9000), isSaved: true);
        Assert.Equal(2, Target());

        Hold(2, new string('3', 3000));
        Assert.Equal(1, Target());

        Hold(1, new string('4', 9000));
        Assert.Equal(2, Target());

        Hold(2, new string('5', 9000));
        Assert.Equal(0, Target());

        Hold(0, new string('6', 9000));
        Assert.Equal(1, Target());

        int? Target() => _table.Plan(Prompt(new string('p', 5000)), 4000).Slot;
    }

    [Fact]
    public void Plan_SlotUsedByWorkOfUnknownContent_IsNotTakenForEmpty()
    {
        Poll([Row(0, 3, 30), Row(1, 4, 0), Row(2)]);
        var unknown = Begin(2);
        _table.End(unknown, null, 30);

        Assert.Equal(1, Target());
        Poll([Row(0, 3, 30), Row(1, 4, 30), Row(2, 9, 30)]);
        Assert.Equal(0, Target());

        int? Target() => _table.Plan(Prompt(new string('p', 5000)), 4000).Slot;
    }

    [Fact]
    public void Begin_PinnedWhileUnpinnedIsUnseen_HasToPollFirst()
    {
        TryBegin(Anywhere, null);

        Assert.Null(TryBegin(Pin(0), null));
        Poll([Row(0), Row(1, 5, 10, busy: true), Row(2)]);
        Assert.Null(TryBegin(Pin(1), null));
        Assert.NotNull(TryBegin(Pin(0), null));
    }

    /// <summary>A client that bypasses the proxy, or a request that an earlier owner of the server has placed.</summary>
    [Fact]
    public void Begin_WhatRanBeforeTheUnpinnedWork_IsNotTakenForIt()
    {
        Poll([Row(0, 4, 10, busy: true), Row(1, 3, 10), Row(2, 2, 10)]);
        TryBegin(Anywhere, null);

        Poll([Row(0, 4, 10, busy: true), Row(1, 3, 10), Row(2, 2, 10)]); // the request is still on its way
        Assert.Null(TryBegin(Pin(1), null));
        Poll([Row(0, 4, 10, busy: true), Row(1, 3, 10), Row(2, 5, 10, busy: true)]);
        Assert.NotNull(TryBegin(Pin(1), null));
    }

    [Fact]
    public void Begin_PinnedWhileSeveralAreUnpinned_WaitsUntilAllAreSeen()
    {
        TryBegin(Anywhere, null);
        TryBegin(Anywhere, null);

        Poll([Row(0), Row(1, 5, 10, busy: true), Row(2)]);
        Assert.Null(TryBegin(Pin(0), null));
        Poll([Row(0), Row(1, 5, 10, busy: true), Row(2, 6, 10, busy: true)]);
        Assert.NotNull(TryBegin(Pin(0), null));
    }

    [Fact]
    public void Begin_PinnedAfterUnpinnedStarted_NeedsOnlyAPollSinceThen()
    {
        var unpinned = TryBegin(Anywhere, null)!;
        _table.Started(unpinned);
        Assert.Null(TryBegin(Pin(0), null));

        Poll([Row(0), Row(1), Row(2)]); // it was so quick that it is off its slot again

        Assert.NotNull(TryBegin(Pin(0), null));
    }

    [Fact]
    public void Begin_PollOlderThanTheUnpinnedWork_ShowsNothingOfIt()
    {
        var poll = _table.BeginPoll();
        TryBegin(Anywhere, null);

        _table.Learn(poll, [Row(0), Row(1, 5, 10, busy: true), Row(2)], isSameConnection: true);

        Assert.Null(TryBegin(Pin(0), null));
    }

    [Fact]
    public void Begin_UnpinnedWhilePinnedHasNotStarted_HasToWait()
    {
        var pinned = Begin(0);

        Assert.Null(TryBegin(Anywhere, null));
        _table.Started(pinned);
        Assert.NotNull(TryBegin(Anywhere, null));
    }

    [Fact]
    public void Begin_UnpinnedWhenTheListShowsThePinnedAtWork_MayGo()
    {
        Begin(0);
        Poll([Row(0, 3, 1, busy: true), Row(1), Row(2)]);

        Assert.NotNull(TryBegin(Anywhere, null));
    }

    [Fact]
    public void Begin_SeveralPinned_OnlyNotOnTheSameSlot()
    {
        Begin(0);

        Assert.NotNull(TryBegin(Pin(1), null));
        Assert.Null(TryBegin(Pin(0), null));
    }

    [Fact]
    public void Begin_AfterTheUnpinnedEnded_MayGo()
    {
        var unpinned = TryBegin(Anywhere, null)!;
        _table.End(unpinned, null, null);

        Assert.NotNull(TryBegin(Pin(0), null));
    }

    [Fact]
    public void Learn_FirstPoll_ProvesNothingOverAFreshConnection()
    {
        Assert.Equal(SlotVerdict.Doubt, Poll([Row(0), Row(1), Row(2)], isSameConnection: false));
        Assert.Equal(SlotVerdict.Same, Poll([Row(0), Row(1), Row(2)], isSameConnection: true));
    }

    [Fact]
    public void Learn_TaskNumberSeenBefore_IsTheSameProcess()
    {
        Poll([Row(0, 5, 10), Row(1), Row(2)]);

        Assert.Equal(SlotVerdict.Same, Poll([Row(0, 5, 10), Row(1, 9, 3), Row(2)], isSameConnection: false));
        Assert.Equal(SlotVerdict.Doubt, Poll([Row(0, 12, 10), Row(1, 13, 3), Row(2)], isSameConnection: false));
    }

    [Theory]
    [InlineData("lower", true)]
    [InlineData("none", true)]
    [InlineData("count", true)]
    [InlineData("id", true)]
    [InlineData("higher", false)]
    public void Learn_NumbersWentBack_IsAnotherProcess(string what, bool expected)
    {
        Poll([Row(0, 5, 10), Row(1, 6, 10), Row(2)]);

        SlotObservation[] rows = what switch
        {
            "lower" => [Row(0, 5, 10), Row(1, 2, 10), Row(2)],
            "none" => [Row(0, 5, 10), Row(1), Row(2)],
            "count" => [Row(0, 5, 10), Row(1, 6, 10)],
            "id" => [Row(0, 5, 10), Row(1, 6, 10), Row(3)],
            _ => [Row(0, 15, 10), Row(1, 16, 10), Row(2, 17, 1)],
        };

        Assert.Equal(expected, Poll(rows) == SlotVerdict.Restarted);
    }

    [Fact]
    public void Learn_OurOwnTask_KeepsTheContent()
    {
        Hold(0, "system");

        Poll([Row(0, 5, 10), Row(1), Row(2)]);
        Poll([Row(0, 5, 10), Row(1), Row(2)]);

        Assert.NotNull(Content(0));
    }

    [Fact]
    public void Learn_TaskOfSomebodyElse_MakesTheSlotUnknown()
    {
        Hold(0, "system");
        Hold(1, "another");
        Poll([Row(0, 5, 10), Row(1, 6, 10), Row(2)]);

        Poll([Row(0, 9, 10), Row(1, 6, 10), Row(2)]);

        Assert.Null(Content(0));
        Assert.NotNull(Content(1));
    }

    [Fact]
    public void Learn_SlotShowsNoTokens_HoldsNothing()
    {
        Hold(0, "system");
        Poll([Row(0, 5, 10), Row(1), Row(2)]);

        Poll([Row(0, 5, 0), Row(1), Row(2)]);

        Assert.Null(Content(0));
    }

    [Fact]
    public void Learn_ListOlderThanOurWork_DoesNotJudgeIt()
    {
        Hold(0, "old");
        Poll([Row(0, 5, 10), Row(1), Row(2)]);
        var poll = _table.BeginPoll();
        Hold(0, "new");

        _table.Learn(poll, [Row(0, 5, 0), Row(1), Row(2)], isSameConnection: true);

        Assert.Equal(3, Content(0)!.Length);
        Poll([Row(0, 8, 3), Row(1), Row(2)]);
        Assert.Equal(3, Content(0)!.Length);
    }

    [Fact]
    public void Learn_SlotRestoredByUs_StaysKnownThoughTheListShowsNoTask()
    {
        var work = TryBegin(new(PromptSource.Restored, 1, 6), Prompt("system").Chain)!;
        _table.SetContent(work, new SlotContent(Prompt("system").Chain, 1, IsSaved: true));

        Poll([Row(0), Row(1), Row(2)]);

        Assert.True(Content(1)!.IsSaved);
    }

    [Fact]
    public void Learn_FreeSlotAtWork_IsNotFree()
    {
        Hold(0, "system");
        Poll([Row(0, 5, 10), Row(1), Row(2)]);

        Poll([Row(0, 5, 10, busy: true), Row(1), Row(2)]);
        Assert.Null(TryBegin(Pin(0), null));

        Poll([Row(0, 5, 10), Row(1), Row(2)]);
        Assert.NotNull(TryBegin(Pin(0), null));
    }

    [Fact]
    public void Attribute_OneEndedAndOneChanged_IsThatOne()
    {
        Poll([Row(0, 1, 5), Row(1), Row(2)]);
        Unpinned("system", held: 99);
        Assert.True(_table.HasUnseenResults);

        Poll([Row(0, 1, 5), Row(1), Row(2, 4, 12)]);

        Assert.Equal("system".Length, Content(2)!.Length);
        Assert.False(_table.HasUnseenResults);
    }

    [Fact]
    public void Attribute_SeveralEnded_AreToldApartByTheirTokens()
    {
        Unpinned("first", held: 10);
        Unpinned("the second", held: 20);

        Poll([Row(0, 4, 20), Row(1, 5, 10), Row(2)]);

        Assert.Equal((10, 5), (Content(0)!.Length, Content(1)!.Length));
    }

    [Theory]
    [InlineData(10, 10, 10, 10)]
    [InlineData(10, 20, 30, 40)]
    [InlineData(10, null, 10, 10)]
    public void Attribute_TokensDoNotDecide_NothingIsBelieved(int? first, int? second, int seen0, int seen1)
    {
        Unpinned("first", held: first);
        Unpinned("the second", held: second);

        Poll([Row(0, 4, seen0), Row(1, 5, seen1), Row(2)]);

        Assert.Null(Content(0));
        Assert.Null(Content(1));
        Assert.False(_table.HasUnseenResults);
    }

    [Fact]
    public void Attribute_AnotherIsUnderWay_OnlyTheTokensCount()
    {
        Unpinned("first", held: 10);
        TryBegin(Anywhere, null);

        Poll([Row(0, 4, 30), Row(1), Row(2)]);

        Assert.Null(Content(0));
    }

    [Fact]
    public void Attribute_AnswerReportedTheSlot_NeedsNoPoll()
    {
        var work = TryBegin(Anywhere, Prompt("system").Chain)!;

        _table.End(work, Holding("system"), 10, slot: 2);

        Assert.Equal("system".Length, Content(2)!.Length);
        Assert.False(_table.HasUnseenResults);
        Poll([Row(0), Row(1), Row(2, 4, 10)]);
        Assert.NotNull(Content(2));
    }

    [Fact]
    public void Attribute_PollOlderThanTheEnd_DoesNotDecide()
    {
        var poll = _table.BeginPoll();
        Unpinned("system", held: 10);

        _table.Learn(poll, [Row(0), Row(1), Row(2)], isSameConnection: true);
        Assert.True(_table.HasUnseenResults);

        Poll([Row(0), Row(1, 3, 10), Row(2)]);
        Assert.NotNull(Content(1));
    }

    [Fact]
    public void Unified_AnythingBegins_WhatFreeSlotsHoldIsForgotten()
    {
        _table.SetClearsIdleSlots(true);
        Hold(0, "system");
        Hold(1, "another");
        Assert.Null(Content(0));

        var work = Begin(1);
        Assert.NotNull(Content(1));
        _table.Started(work);
        TryBegin(Anywhere, null);
        Assert.NotNull(Content(1));
    }

    [Fact]
    public void Unified_RestoredSlotWaitsForItsRequest_NothingElseBegins()
    {
        _table.SetClearsIdleSlots(true);
        var restored = TryBegin(new(PromptSource.Restored, 1, 6), null)!;

        Assert.Null(TryBegin(Pin(0), null));
        Assert.Null(TryBegin(Anywhere, null));
        _table.Started(restored);
        Assert.NotNull(TryBegin(Pin(0), null));
    }

    [Fact]
    public void Retire_WorkUnderWay_IsOverAndNothingBeginsAnyMore()
    {
        var known = Holding("system");
        _table.End(Begin(0), known, 3);
        var pinned = Begin(1);

        _table.Retire();
        _table.SetContent(pinned, Holding("late"));
        _table.End(pinned, Holding("late"), 3);

        Assert.True(_table.IsRetired);
        Assert.True(pinned.WhenEnded.IsCompleted);
        Assert.Null(Content(1));
        Assert.False(_table.HasUnseenResults);
        Assert.Null(TryBegin(Anywhere, null));
        Assert.Null(TryBegin(Pin(2), null));
        Assert.Null(_table.TryPlanAndBegin(Prompt("a"), TestPlans.Context(0), weight: 1, isWarmUp: false, isPollOld: false));
        Assert.Null(_table.TryBeginSave(0, known));
        Assert.Null(_table.TryBorrowSpare());
        Assert.Null(_table.TryBeginStash(0));
        Assert.Equal(SlotVerdict.Doubt, Poll([Row(0, 9, 10), Row(1), Row(2)]));
    }

    [Fact]
    public void MarkSaved_OtherContentSince_DoesNotCount()
    {
        Hold(0, "system");

        _table.MarkSaved(0, Prompt("another").Chain);
        Assert.False(Content(0)!.IsSaved);
        _table.MarkSaved(0, Prompt("system").Chain);
        Assert.True(Content(0)!.IsSaved);
    }

    [Fact]
    public void End_Twice_CountsOnce()
    {
        var work = Begin(0);
        _table.End(work, Holding("system"), 5);

        _table.End(work, null, null);

        Assert.NotNull(Content(0));
    }

    [Fact]
    public void IsUnpinnedIdle_FewerAtWorkThanUnderWay_OneHasLeft()
    {
        var pinned = Begin(0);
        _table.Started(pinned);
        TryBegin(Anywhere, null);
        TryBegin(Anywhere, null);

        Assert.False(_table.IsUnpinnedIdle([0, 1, 2]));
        Assert.True(_table.IsUnpinnedIdle([0, 1]));
        Assert.True(_table.IsUnpinnedIdle([0]));
    }

    private static CanonicalPrompt Prompt(string text) => CanonicalPrompt.Copy(Encoding.UTF8.GetBytes(text));

    private static SlotContent Holding(string text) => new(Prompt(text).Chain, 1, IsSaved: false);

    private static SlotPlan Cold(int slot) => new(PromptSource.Cold, slot, 0);

    private static SlotPlan Pin(int slot) => new(PromptSource.Hot, slot, 0);

    private static SlotObservation Row(int id, long? task = null, int? tokens = null, bool busy = false) => new(id, busy, task, tokens);

    private SlotVerdict Poll(SlotObservation[] rows, bool isSameConnection = true) =>
        _table.Learn(_table.BeginPoll(), rows, isSameConnection);

    private SlotContent? Content(int slot) => _table.View()[slot].Content;

    private SlotWork? TryBegin(SlotPlan plan, PromptChain? chain) => _table.TryBegin(plan, chain);

    private SlotWork Begin(int slot)
    {
        var work = TryBegin(Pin(slot), null);
        Assert.NotNull(work);
        return work;
    }

    private void Hold(int slot, string text, double coverage = 1, bool isSaved = false)
    {
        var work = Begin(slot);
        _table.Started(work);
        _table.End(work, new SlotContent(Prompt(text).Chain, coverage, isSaved), null);
    }

    private void Unpinned(string text, int? held)
    {
        var work = TryBegin(Anywhere, Prompt(text).Chain)!;
        _table.Started(work);
        _table.End(work, Holding(text), held);
    }
}
