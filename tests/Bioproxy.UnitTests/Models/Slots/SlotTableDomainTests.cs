using Bioproxy.Host.Models.Slots;
using Bioproxy.UnitTests.PromptTests;

namespace Bioproxy.UnitTests.Models.Slots;

/// <summary>Whether the server could reuse content of another isolation domain where it chooses itself.</summary>
public sealed class SlotTableDomainTests
{
    private static readonly string Talk = new('t', 3000);

    private readonly SlotTable _table = new(2);

    [Theory]
    [InlineData(null, null, false)]
    [InlineData(null, "ada", false)] // content without a domain is open to everybody
    [InlineData("ada", "ada", false)]
    [InlineData("ada", "bob", true)]
    [InlineData("ada", null, true)]
    public void Plan_UnpinnedBesideContentOf_MayMeetIt(string? holder, string? asker, bool mayMeet)
    {
        Hold(0, "other" + Talk, holder);

        var plan = Plan(Talk, asker);

        Assert.Null(plan.Slot); // nothing was polled yet
        Assert.Equal((asker, mayMeet), (plan.Domain, plan.MayMeetForeignDomain));
    }

    [Fact]
    public void Plan_OthersContentLeftTheSlots_TheServersRamCacheMayStillHaveIt()
    {
        Hold(0, "other" + Talk, "ada");
        Hold(0, Talk, "bob");
        Hold(1, "third" + Talk, "bob");

        Assert.True(Plan("fourth", "bob").MayMeetForeignDomain);
    }

    [Fact]
    public void Plan_OthersWorkIsUnderWay_ItsContentMayBeMet()
    {
        using var prompt = TestPrompts.Of(Talk, "ada");
        Assert.NotNull(_table.TryPlanAndBegin(prompt, TestPlans.Context(0), weight: 1, isWarmUp: false, isPollOld: false));

        Assert.True(Plan("another", "bob").MayMeetForeignDomain);
        Assert.False(Plan("another", "ada").MayMeetForeignDomain);
    }

    [Fact]
    public void Plan_OthersSnapshotWasRestored_ItsContentMayBeMet()
    {
        var work = _table.TryBegin(new SlotPlan(PromptSource.Restored, 0, 0), null)!;
        _table.SetContent(work, Content(Talk, "ada"));

        Assert.True(Plan("another", "bob").MayMeetForeignDomain);
    }

    [Fact]
    public void Plan_PinnedToItsOwnContent_MeetsNobodyElses()
    {
        Hold(0, "other" + Talk, "ada");
        Hold(1, Talk, "bob");

        var plan = Plan(Talk + " and more", "bob");

        Assert.Equal((PromptSource.Hot, 1), (plan.Source, plan.Slot));
        Assert.False(plan.MayMeetForeignDomain);
    }

    /// <summary>A slot that holds something asks the server's RAM cache, an empty one does not.</summary>
    [Theory]
    [InlineData(false, false)]
    [InlineData(true, true)]
    public void Plan_PinnedColdToASlot_MayMeetOthersUnlessItIsEmpty(bool isFilled, bool mayMeet)
    {
        SlotObservation[] rows = [new(0, false, null, null), new(1, false, null, null)];
        _table.Learn(_table.BeginPoll(), rows, isSameConnection: true);
        Hold(0, "other" + Talk, "ada");
        if (isFilled)
            Hold(1, "third" + Talk, "bob");

        var plan = Plan(Talk, "bob");

        Assert.Equal(PromptSource.Cold, plan.Source);
        Assert.NotNull(plan.Slot);
        Assert.Equal(mayMeet, plan.MayMeetForeignDomain);
    }

    /// <summary>Where the server may take nothing, nothing is expected of its RAM cache.</summary>
    [Theory]
    [InlineData("bob", true)]
    [InlineData("ada", false)]
    public void Plan_DisplacedIntoTheRamCache_IsExpectedThereUnlessItMayHoldOthersToo(string displacing, bool isExpected)
    {
        Hold(0, Talk, "bob");
        Hold(1, "third" + Talk, "bob");
        var work = _table.TryBegin(new SlotPlan(PromptSource.Cold, 0, 0), null)!;
        _table.Started(work);
        _table.End(work, Content("other" + Talk, displacing), 1500);

        Assert.Equal(isExpected, Plan(Talk + " and more", "bob").IsExpectedInRam);
    }

    [Theory]
    [InlineData("ada", false)]
    [InlineData("bob", true)]
    [InlineData(null, true)]
    public void Plan_NoPrompt_TheContextsDomainCounts(string? domain, bool mayMeet)
    {
        Hold(0, Talk, "ada");

        Assert.Equal(mayMeet, _table.Plan(null, TestPlans.Context(0) with { Domain = domain }).MayMeetForeignDomain);
    }

    private SlotPlan Plan(string text, string? domain)
    {
        using var prompt = TestPrompts.Of(text, domain);
        return _table.Plan(prompt, TestPlans.Context(0));
    }

    private void Hold(int slot, string text, string? domain)
    {
        var work = _table.TryBegin(new SlotPlan(PromptSource.Hot, slot, 0), null)!;
        _table.Started(work);
        _table.End(work, Content(text, domain), 1500);
    }

    private static SlotContent Content(string text, string? domain)
    {
        using var prompt = TestPrompts.Of(text);
        return new SlotContent(prompt.Chain, 1, IsSaved: false) { Domain = domain, Tokens = 1500 };
    }
}
