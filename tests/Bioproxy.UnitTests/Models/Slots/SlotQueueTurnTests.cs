using Bioproxy.Doubles;
using Bioproxy.Host.Models.Slots;

namespace Bioproxy.UnitTests.Models.Slots;

/// <summary>The order within a lane: round the clients, hot ones a little earlier. See <see cref="WaitingLine"/> for the names.</summary>
public sealed class SlotQueueTurnTests
{
    private static readonly TimeSpan MaxWait = TimeSpan.FromSeconds(30);

    private readonly FakeTimeProvider _time = new();

    [Fact]
    public async Task Turn_FiftyOfOneClientWait_AnotherGoesSecond()
    {
        var line = new WaitingLine(Queue());
        line.Join(string.Join(' ', Enumerable.Range(1, 50).Select(i => $"a{i}")));
        line.Join("b1");

        Assert.StartsWith("a1 b1 a2 a3 ", await line.OrderAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a1 b1 c1", "a1 b1 c1")]
    [InlineData("a1 a2 a3 b1 c1 c2", "a1 b1 c1 a2 c2 a3")]
    [InlineData("b1 b2 a1 a2 c1 b3", "b1 a1 c1 b2 a2 b3")]
    [InlineData("a1 a2 a3 a4", "a1 a2 a3 a4")]
    public async Task Turn_SeveralClientsWait_GoesRound(string waiting, string order)
    {
        foreach (var lane in new[] { Lane.Interactive, Lane.Batch })
            Assert.Equal(order, await new WaitingLine(Queue(), lane).Join(waiting).OrderAsync());
    }

    [Fact]
    public async Task Turn_WarmUps_KnowNoClientsAndNoHotness() =>
        Assert.Equal("a1 a2 b1 a3 c1", await new WaitingLine(Queue(), Lane.WarmUp).Join("a1 a2 b1 a3 c1*").OrderAsync());

    [Fact]
    public async Task Turn_ClientIsNew_JoinsAtTheEnd()
    {
        var line = new WaitingLine(Queue()).Join("a1 a2 a3 b1 b2");
        Assert.Equal("a1", await line.NextAsync());

        line.Join("c1");

        Assert.Equal("b1 a2 c1 b2 a3", await line.OrderAsync());
    }

    [Fact]
    public async Task Turn_ClientHadLeftTheRing_JoinsAtTheEnd()
    {
        var line = new WaitingLine(Queue()).Join("a1 b1 b2 c1 c2");
        Assert.Equal("a1", await line.NextAsync());
        Assert.Equal("b1", await line.NextAsync());

        line.Join("a2");

        Assert.Equal("c1 b2 a2 c2", await line.OrderAsync());
    }

    [Fact]
    public async Task Turn_ClientWaitsInBothLanes_EachLaneHasItsOwnRing()
    {
        var queue = Queue();
        var line = new WaitingLine(queue).Join("a1 a2 b1");
        var batch = Wait(queue, Lane.Batch, client: 'a');

        Assert.Equal("a1 b1 a2", await line.OrderAsync());

        Assert.NotNull((await batch.DefaultTimeout()).Lease);
    }

    [Theory]
    [InlineData("a1 b1*", "b1 a1")]
    [InlineData("a1 b1 c1*", "c1 a1 b1")]
    [InlineData("a1 b1* c1*", "b1 c1 a1")] // the first in the ring
    [InlineData("a1* b1* c1*", "a1 b1 c1")] // who has the turn is hot
    [InlineData("a1 a2 a3*", "a3 a1 a2")]
    [InlineData("a1 a2* b1", "a2 b1 a1")] // its client had its turn
    [InlineData("a1 a2* b1*", "b1 a2 a1")] // the others' heads first
    [InlineData("a1 b1 b2*", "a1 b2 b1")] // of the others only the heads
    public async Task Hot_SomeoneElseHasTheTurn_GoesFirst(string waiting, string order)
    {
        foreach (var lane in new[] { Lane.Interactive, Lane.Batch })
            Assert.Equal(order, await new WaitingLine(Queue(), lane).Join(waiting).OrderAsync());
    }

    [Theory]
    [InlineData("a1 b1* b2* b3* b4* b5*", "b1 b2 b3 a1 b4 b5")]
    [InlineData("a1 b1* c1* d1* e1* f1*", "b1 c1 d1 a1 e1 f1")]
    [InlineData("a1 a2* a3* a4* a5* a6*", "a2 a3 a4 a1 a5 a6")]
    [InlineData("a1 a2* a3* b1* c1*", "b1 c1 a2 a1 a3")] // in all, by whomever
    [InlineData("a1 b1 c1* c2* c3* c4* c5*", "c1 c2 c3 a1 b1 c4 c5")]
    [InlineData("a1 a2 b1 c1* c2* c3* c4* c5* c6* c7* c8*", "c1 c2 c3 a1 b1 c4 c5 c6 c7 a2 c8")]
    public async Task Hot_SomeoneWasPassedThreeTimes_GoesNoMoreBeforeHim(string waiting, string order) =>
        Assert.Equal(order, await new WaitingLine(Queue()).Join(waiting).OrderAsync());

    [Theory]
    [InlineData("", "a2 b1 c4 c5")]
    [InlineData("a3*", "a3 b1 c4 c5 a2")] // but its own line may still be passed
    public async Task Hot_SomeoneOnTheWayWasPassedThreeTimes_StaysBehindHim(string more, string order)
    {
        var line = new WaitingLine(Queue()).Join("a1 a2 b1 c1* c2* c3* c4* c5*").Join(more);
        for (var i = 1; i <= 3; i++)
            Assert.Equal($"c{i}", await line.NextAsync());

        await line.LeaveAsync("a1"); // nobody passed a2, but b1 was passed three times

        Assert.Equal(order, await line.OrderAsync());
    }

    [Theory]
    [InlineData(16, "a1")]
    [InlineData(15, "x1")]
    public async Task Hot_FarBehind_IsLookedForAmongSixteen(int between, string first)
    {
        var others = new WaitingLine(Queue()).Join(
            "a1 " + string.Concat(Enumerable.Range(0, between).Select(i => $"{(char)('A' + i)}1 ")) + "x1*");
        Assert.Equal(first, await others.NextAsync());

        var own = new WaitingLine(Queue()).Join("a1 " + string.Concat(Enumerable.Range(2, between).Select(i => $"a{i} ")) + "a99*");
        Assert.Equal(between == 16 ? "a1" : "a99", await own.NextAsync());
    }

    [Fact]
    public async Task Hot_DecidedAtTheGrant_NotAtTheArrival()
    {
        var queue = Queue();
        var held = await LeaseAsync(queue);
        var isHot = false;
        var asked = 0;
        var cold = Wait(queue);
        var later = Wait(queue, client: 1, isHot: () =>
        {
            asked++;
            return isHot;
        });
        Assert.Equal(0, asked);

        isHot = true;
        held.Release();

        var lease = (await later.DefaultTimeout()).Lease!;
        Assert.Equal(1, asked);
        lease.Release();
        Assert.NotNull((await cold.DefaultTimeout()).Lease);
        Assert.Equal(1, asked);
    }

    [Fact]
    public async Task Hot_TheTurnIsHeavyAndDoesNotFit_NobodyGoes()
    {
        var queue = Queue(capacity: 2);
        await LeaseAsync(queue);
        var held = await LeaseAsync(queue);
        var heavy = Wait(queue, weight: 2);
        var hot = Wait(queue, weight: 1, client: 1, isHot: () => true);

        held.Release();

        Assert.False(heavy.IsCompleted);
        Assert.False(hot.IsCompleted);
    }

    [Fact]
    public async Task Hot_ItselfHeavyAndDoesNotFit_TheNextThatFitsGoes()
    {
        var queue = Queue(capacity: 2);
        await LeaseAsync(queue);
        var held = await LeaseAsync(queue);
        var cold = Wait(queue);
        var heavy = Wait(queue, weight: 2, client: 1, isHot: () => true);
        var hot = Wait(queue, weight: 1, client: 2, isHot: () => true);

        held.Release();

        Assert.NotNull((await hot.DefaultTimeout()).Lease);
        Assert.False(cold.IsCompleted);
        Assert.False(heavy.IsCompleted);
    }

    [Fact]
    public async Task Hot_HeavyIsPassed_ThreeTimesAtMost()
    {
        var queue = Queue(capacity: 2);
        var held = await LeaseAsync(queue, weight: 2);
        var heavy = Wait(queue, weight: 2);
        var hot = Enumerable.Range(0, 4).Select(_ => Wait(queue, weight: 2, client: 1, isHot: () => true)).ToList();

        for (var i = 0; i < 3; i++)
        {
            held.Release();
            held = (await hot[i].DefaultTimeout()).Lease!;
            Assert.False(heavy.IsCompleted);
        }

        held.Release();
        Assert.NotNull((await heavy.DefaultTimeout()).Lease);
        Assert.False(hot[3].IsCompleted);
    }

    [Theory]
    [InlineData("a1", "a2 b1 c1 a3")] // a head: its client keeps the turn
    [InlineData("a2", "a1 b1 c1 a3")] // in the middle of a line
    [InlineData("a3", "a1 b1 c1 a2")] // the last of a line
    [InlineData("b1", "a1 c1 a2 a3")] // the last of its client
    public async Task Cancel_SomewhereInTheRing_TheOthersKeepTheirTurns(string leaving, string order)
    {
        var line = new WaitingLine(Queue()).Join("a1 a2 a3 b1 c1");

        await line.LeaveAsync(leaving);

        Assert.Equal(4, line.Queue.View.InteractiveWaiting);
        Assert.Equal(order, await line.OrderAsync());
    }

    [Fact]
    public async Task Cancel_LastOfAClient_ItJoinsAtTheEndAgain()
    {
        var line = new WaitingLine(Queue()).Join("a1 b1 c1");

        await line.LeaveAsync("a1");
        line.Join("a2");

        Assert.Equal("b1 c1 a2", await line.OrderAsync());
    }

    [Theory]
    [InlineData(1, "a2 b1 c1 b2 c2")] // a head: its client keeps the turn
    [InlineData(2, "a2 b2 c1 c2")]
    [InlineData(3, "b2 c1 c2")] // the last of its client
    [InlineData(6, "")]
    public async Task TimeOut_Heads_TheOthersKeepTheirTurns(int timedOut, string order)
    {
        var line = new WaitingLine(Queue());
        foreach (var name in new[] { "a1", "b1", "a2", "c1", "b2", "c2" })
        {
            line.Join(name);
            _time.Advance(TimeSpan.FromSeconds(1));
        }

        _time.Advance(MaxWait - TimeSpan.FromSeconds(7 - timedOut));

        Assert.Equal(6 - timedOut, line.Queue.View.InteractiveWaiting);
        Assert.Equal(order, await line.OrderAsync());
    }

    [Fact]
    public async Task TimeOut_LastOfAClientInTheMiddleOfTheRing_ItJoinsAtTheEndAgain()
    {
        var line = new WaitingLine(Queue()).Join("a1 b1");
        _time.Advance(TimeSpan.FromSeconds(1));
        line.Join("a2 c1");
        await line.LeaveAsync("a1"); // younger ones stand before and behind b1 now

        _time.Advance(MaxWait - TimeSpan.FromSeconds(1));
        Assert.Equal(2, line.Queue.View.InteractiveWaiting);
        line.Join("b2");

        Assert.Equal("a2 c1 b2", await line.OrderAsync());
    }

    private SlotQueue Queue(int capacity = 1) => new(_time, capacity, 100, MaxWait);

    private static Task<QueueGrant> Wait(
        SlotQueue queue, Lane lane = Lane.Interactive, int weight = 1, ulong client = 0, Func<bool>? isHot = null)
    {
        var task = queue.AcquireAsync(new(lane, weight, client, isHot), default).AsTask();
        Assert.False(task.IsCompleted);
        return task;
    }

    private static async Task<Lease> LeaseAsync(SlotQueue queue, int weight = 1)
    {
        var grant = queue.AcquireAsync(new(Lane.Interactive, weight), default);
        Assert.True(grant.IsCompleted);
        return (await grant).Lease!;
    }
}
