using System.Text;
using Bioproxy.Host.Models.Slots;
using Bioproxy.Host.Prompts;

namespace Bioproxy.UnitTests.Models.Slots;

/// <summary>A stash evaluates one token so that the server's RAM cache keeps what a restore would overwrite.</summary>
public sealed class SlotTableStashTests
{
    private static readonly string Talk = new('t', 3000);

    private readonly SlotTable _table = new(1);

    [Fact]
    public void EndStash_Succeeded_TheContentIsExpectedInRamAndTheSlotHoldsNothing()
    {
        Hold();
        var stash = _table.TryBeginStash(0)!;

        _table.EndStash(stash, succeeded: true);

        Assert.Same(SlotContent.Nothing, _table.ContentOf(0));
        Assert.True(IsExpectedInRam());
        Assert.True(stash.WhenEnded.IsCompleted);
    }

    [Fact]
    public void EndStash_NeverBegan_TheSlotKeepsItsContentAndRamHasNothing()
    {
        var content = Hold();

        _table.EndStash(_table.TryBeginStash(0)!, succeeded: false);

        Assert.Same(content, _table.ContentOf(0));
        Assert.True(_table.HoldsUnsaved(0));
        Poll(7, 1500);
        Assert.Same(content, _table.ContentOf(0));
    }

    [Fact]
    public void EndStash_BrokenOffAfterItsFirstByte_TheSlotIsUnknownAndRamHasNothing()
    {
        Hold();
        var stash = _table.TryBeginStash(0)!;
        _table.Started(stash);

        _table.EndStash(stash, succeeded: false);

        Assert.Null(_table.ContentOf(0));
        Assert.True(_table.HoldsUnsaved(0));
        Assert.False(IsExpectedInRam());
    }

    [Fact]
    public void EndStash_BrokenOffWhilePollShowedItAtWork_TheSlotIsUnknown()
    {
        Hold();
        var stash = _table.TryBeginStash(0)!;
        _table.Learn(_table.BeginPoll(), [new SlotObservation(0, true, 8, 1)], isSameConnection: true);

        _table.EndStash(stash, succeeded: false);

        Assert.Null(_table.ContentOf(0));
        Assert.False(IsExpectedInRam());
    }

    /// <summary>The request had reached the server all the same.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void EndStash_BeganAfterItWasGivenUp_TheNextPollShowsIt(bool isTaskKnown)
    {
        Hold();
        if (isTaskKnown)
            Poll(7, 1500);
        _table.EndStash(_table.TryBeginStash(0)!, succeeded: false);

        Poll(8, 1);

        Assert.Null(_table.ContentOf(0));
    }

    [Fact]
    public void EndStash_Twice_CountsOnce()
    {
        var content = Hold();
        var stash = _table.TryBeginStash(0)!;
        _table.EndStash(stash, succeeded: false);

        _table.EndStash(stash, succeeded: true);

        Assert.Same(content, _table.ContentOf(0));
    }

    [Fact]
    public void TryBeginStash_UnderWay_NothingElseBeginsThere()
    {
        Hold();
        Assert.NotNull(_table.TryBeginStash(0));

        Assert.Null(_table.TryBeginStash(0));
        Assert.Null(_table.TryBegin(new SlotPlan(PromptSource.Hot, 0, 0), null));
        Assert.Null(_table.TryBegin(new SlotPlan(PromptSource.Cold, null, 0), null));
    }

    private SlotContent Hold()
    {
        var content = new SlotContent(PromptChain.Of(Encoding.ASCII.GetBytes(Talk)), 1, IsSaved: false) { Tokens = 1500 };
        var work = _table.TryBegin(new SlotPlan(PromptSource.Hot, 0, 0), null)!;
        _table.Started(work);
        _table.End(work, content, 1500);
        return content;
    }

    private void Poll(long task, int tokens)
    {
        SlotObservation[] rows = [new(0, false, task, tokens)];
        Assert.Equal(SlotVerdict.Same, _table.Learn(_table.BeginPoll(), rows, isSameConnection: true));
    }

    private bool IsExpectedInRam()
    {
        using var prompt = CanonicalPrompt.Copy(Encoding.ASCII.GetBytes(Talk + " and more"));
        return _table.Plan(prompt, 0).IsExpectedInRam;
    }
}
