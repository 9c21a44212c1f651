using Bioproxy.Doubles;
using Bioproxy.Host.Models.Slots;

namespace Bioproxy.UnitTests.Models.Slots;

public sealed class SlotQueueOutlookTests
{
    private readonly TestClock _clock = new();
    private readonly SlotQueue _queue;

    public SlotQueueOutlookTests() => _queue = new(_clock, 2, 100, TimeSpan.FromHours(1));

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
    public async Task Outlook_AllSlotsAtWork_TheFirstOfThemIsWaitedFor()
    {
        await LearnAnswerAsync(seconds: 10);
        await AcquireAsync(promptSeconds: 0);
        await AcquireAsync(promptSeconds: 0);

        Assert.Equal(5, Wait, precision: 6); // two of ten seconds on average: one is over twice as soon
    }

    [Fact]
    public async Task Outlook_AMorePromisingPlace_HasTheShorterPrompts()
    {
        await LearnAnswerAsync(seconds: 10);
        await AcquireAsync(promptSeconds: 90);
        await AcquireAsync(promptSeconds: 90);
        Assert.Equal(50, Wait, precision: 6);

        _clock.Advance(TimeSpan.FromSeconds(80));
        Assert.Equal(10, Wait, precision: 6); // what has been done is not waited for again

        _clock.Advance(TimeSpan.FromSeconds(1000));
        Assert.Equal(5, Wait, precision: 6); // an answer is under way, however long
    }

    [Fact]
    public async Task Outlook_OthersWait_TheirPromptsAndAnswersCount()
    {
        await LearnAnswerAsync(seconds: 10);
        await AcquireAsync(promptSeconds: 0);
        await AcquireAsync(promptSeconds: 0);
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
        await AcquireAsync(promptSeconds: 0);
        await AcquireAsync(promptSeconds: 0);
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

    private async Task<Lease> AcquireAsync(double promptSeconds) =>
        (await _queue.AcquireAsync(Entry(promptSeconds), CancellationToken.None).DefaultTimeout()).Lease!;

    private async Task LearnAnswerAsync(double seconds)
    {
        var lease = await AcquireAsync(promptSeconds: 3);
        _clock.Advance(TimeSpan.FromSeconds(3 + seconds));
        lease.Release();
    }
}
