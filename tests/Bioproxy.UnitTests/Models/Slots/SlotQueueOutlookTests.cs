using Bioproxy.Doubles;
using Bioproxy.Host.Models.Slots;

namespace Bioproxy.UnitTests.Models.Slots;

public sealed class SlotQueueOutlookTests
{
    private readonly TestClock _clock = new();
    private readonly SlotQueue _queue;
    private readonly SlotQueue _other;

    public SlotQueueOutlookTests()
    {
        var answers = new AnswerTimes(assumed: 10);
        _queue = new(_clock, 2, 100, TimeSpan.FromHours(1), answers);
        _other = new(_clock, 2, 100, TimeSpan.FromHours(1), answers);
    }

    private double Wait => _queue.Outlook(Lane.Interactive, 1).WaitSeconds;

    private double Busy => _queue.Outlook(Lane.Interactive, 1).BusySeconds;

    [Fact]
    public async Task Outlook_ASlotIsFree_NothingIsWaitedFor()
    {
        await AcquireAsync(promptSeconds: 100);

        Assert.Equal(0, Wait);
        Assert.Equal(0, _queue.Outlook(Lane.Batch, 1).WaitSeconds);
    }

    [Fact]
    public void Outlook_OthersAreOnTheirWay_TheyCountUntilTheyHaveCome()
    {
        using var one = _queue.Announce(Lane.Interactive, 1);
        Assert.Equal(0, Wait);
        var two = _queue.Announce(Lane.Interactive, 1);

        Assert.Equal(10, Wait, precision: 6); // both slots are as good as taken, for twenty slot seconds
        Assert.Equal(0, _other.Outlook(Lane.Interactive, 1).WaitSeconds);

        two.Dispose();
        two.Dispose();
        Assert.Equal(0, Wait);
    }

    [Fact]
    public async Task Outlook_AllSlotsAtWork_TheFirstOfThemIsWaitedFor()
    {
        await LearnAnswerAsync(seconds: 10);
        await FillAsync();

        Assert.Equal(5, Wait, precision: 6); // two of ten seconds on average: one is over twice as soon
    }

    [Fact]
    public async Task Outlook_AMorePromisingPlace_HasTheShorterPrompts()
    {
        await LearnAnswerAsync(seconds: 10);
        await AcquireAsync(promptSeconds: 90);
        await AcquireAsync(promptSeconds: 90);
        Assert.Equal(90 + 5, Wait, precision: 6); // no answer ends before it begins

        _clock.Advance(TimeSpan.FromSeconds(80));
        Assert.Equal(10 + 5, Wait, precision: 6); // what has been done is not waited for again

        _clock.Advance(TimeSpan.FromSeconds(1000));
        Assert.Equal(5, Wait, precision: 6); // an answer is under way, however long
    }

    [Fact]
    public async Task Outlook_OneAnswersAndOneComputesALongPrompt_OnlyTheAnswerIsWaitedFor()
    {
        await LearnAnswerAsync(seconds: 10);
        await AcquireAsync(promptSeconds: 90);
        await AcquireAsync(promptSeconds: 0);

        Assert.Equal(10, Wait, tolerance: 0.001);
    }

    [Fact]
    public async Task Outlook_OneAnswersSoonAfterTheOther_TheSecondCountsFromThen()
    {
        await LearnAnswerAsync(seconds: 10);
        await AcquireAsync(promptSeconds: 10);
        await AcquireAsync(promptSeconds: 0);

        // Within ten seconds the first has ended with 63 %; after that either may.
        Assert.Equal((10 * (1 - Math.Exp(-1))) + (5 * Math.Exp(-1)), Wait, precision: 6);
    }

    [Fact]
    public async Task Outlook_AskedForBothSlots_BothEndsAreWaitedFor()
    {
        await LearnAnswerAsync(seconds: 10);
        await FillAsync();

        Assert.Equal(5 + 5, _queue.Outlook(Lane.Interactive, 2).WaitSeconds, precision: 6);
    }

    [Fact]
    public async Task Outlook_NothingHasEndedHere_TheAnswersOfOtherServersCount()
    {
        await LearnAnswerAsync(seconds: 40, _other);
        await FillAsync();

        Assert.Equal((10 + (30 / 11.0)) / 2, Wait, precision: 6); // the assumption counts as ten
    }

    [Fact]
    public async Task Outlook_FewAnswersHere_ThoseOfAllServersCountMore()
    {
        await LearnAnswerAsync(seconds: 40, _other);
        await LearnAnswerAsync(seconds: 10);
        await FillAsync();

        Assert.Equal(((0.02 * 10) + (0.98 * 12.5)) / 2, Wait, precision: 6);
    }

    [Fact]
    public async Task Outlook_ManyAnswersHere_OnlyTheseCount()
    {
        for (var i = 0; i < 50; i++)
        {
            await LearnAnswerAsync(seconds: 10);
            await LearnAnswerAsync(seconds: 40, _other);
        }

        await FillAsync();

        Assert.Equal(5, Wait, precision: 6);
    }

    [Fact]
    public async Task Outlook_TheFirstAnswerIsVeryShort_ChangesLittle()
    {
        await LearnAnswerAsync(seconds: 0);
        await FillAsync();

        Assert.InRange(Wait, 4, 5);
    }

    [Fact]
    public async Task Outlook_AnAnswerIsVeryShort_ChangesLittle()
    {
        for (var i = 0; i < 50; i++)
            await LearnAnswerAsync(seconds: 10);
        await LearnAnswerAsync(seconds: 0);
        await FillAsync();

        Assert.Equal(4.9, Wait, precision: 6);
    }

    [Fact]
    public async Task Outlook_OthersWait_TheirPromptsAndAnswersCount()
    {
        await LearnAnswerAsync(seconds: 10);
        await FillAsync();
        using var leaving = new CancellationTokenSource();
        var waiting = _queue.AcquireAsync(Entry(promptSeconds: 30), leaving.Token).AsTask();
        Assert.Equal(5 + 20, Wait, precision: 6); // forty seconds on one of two slots

        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting.DefaultTimeout());
        Assert.Equal(5, Wait, precision: 6);
    }

    [Fact]
    public async Task Outlook_BatchWaits_OnlyBatchWaitsForIt()
    {
        await LearnAnswerAsync(seconds: 10);
        await FillAsync();
        _ = _queue.AcquireAsync(Entry(promptSeconds: 30) with { Lane = Lane.Batch }, CancellationToken.None).AsTask();

        Assert.Equal(5, Wait, precision: 6);
        Assert.Equal(25, _queue.Outlook(Lane.Batch, 1).WaitSeconds, precision: 6);
    }

    [Fact]
    public async Task Outlook_WorkWasDone_IsForgottenWithTime()
    {
        var lease = await AcquireAsync(promptSeconds: 0);
        _clock.Advance(TimeSpan.FromSeconds(60));
        lease.Release();
        Assert.InRange(Busy, 25, 30); // of two slots

        _clock.Advance(TimeSpan.FromMinutes(10));
        Assert.InRange(Busy, 9, 11);

        _clock.Advance(TimeSpan.FromHours(3));
        Assert.InRange(Busy, 0, 0.001);
    }

    [Fact]
    public async Task SecondsUntilIdle_WorkUnderWayAndWaiting_IsTheLongestAndWhatFollows()
    {
        Assert.Equal(0, _queue.SecondsUntilIdle);
        await LearnAnswerAsync(seconds: 10);
        await AcquireAsync(promptSeconds: 20);
        await AcquireAsync(promptSeconds: 0);
        _ = _queue.AcquireAsync(Entry(promptSeconds: 10), CancellationToken.None).AsTask();

        Assert.Equal(30 + 10, _queue.SecondsUntilIdle, precision: 6);
    }

    private static QueueEntry Entry(double promptSeconds) => new(Lane.Interactive, 1) { PromptSeconds = promptSeconds };

    private async Task<Lease> AcquireAsync(double promptSeconds, SlotQueue? queue = null) =>
        (await (queue ?? _queue).AcquireAsync(Entry(promptSeconds), CancellationToken.None).DefaultTimeout()).Lease!;

    /// <summary>Both slots answer.</summary>
    private async Task FillAsync()
    {
        await AcquireAsync(promptSeconds: 0);
        await AcquireAsync(promptSeconds: 0);
    }

    private async Task LearnAnswerAsync(double seconds, SlotQueue? queue = null)
    {
        var lease = await AcquireAsync(promptSeconds: 3, queue);
        _clock.Advance(TimeSpan.FromSeconds(3 + seconds));
        lease.Release();
    }
}
