using Bioproxy.Doubles;
using Bioproxy.Host.Models;
using Bioproxy.Host.Models.Slots;
using Microsoft.Extensions.Logging.Abstractions;

namespace Bioproxy.UnitTests.Models;

public sealed class SharedStateTests
{
    [Fact]
    public async Task ContextOf_TwoServersOfOneModel_TheOneThatWasNotMeasuredIsAsTheOther()
    {
        await using var desk = new ModelFixture(name: "desk");
        await using var gpu = new ModelFixture(name: "gpu");
        var shared = new SharedState(
            desk.Options, desk.Store, desk.Context.Fingerprints, desk.Metrics, desk.Context.Uptime, desk.Clock, NullLoggerFactory.Instance);
        var (measured, fresh) = (shared.ContextOf(desk.Backend).Rates, shared.ContextOf(gpu.Backend).Rates);
        measured.Begin("one");
        fresh.Begin("one");

        measured.Prefilled(4000, 1);

        Assert.Equal(4000, fresh.Now.Prefill, precision: 6);
    }

    [Fact]
    public async Task NewQueue_TwoServers_KnowOfEachOthersAnswers()
    {
        await using var desk = new ModelFixture(name: "desk");
        await using var gpu = new ModelFixture(name: "gpu");
        var shared = new SharedState(
            desk.Options, desk.Store, desk.Context.Fingerprints, desk.Metrics, desk.Context.Uptime, desk.Clock, NullLoggerFactory.Instance);
        var (busy, other) = (shared.NewQueue(desk.Backend), shared.NewQueue(gpu.Backend));
        busy.SetCapacity(1);
        other.SetCapacity(1);
        var lease = await AcquireAsync(busy);
        desk.Clock.Advance(TimeSpan.FromSeconds(40));
        lease.Release();
        await AcquireAsync(other);

        var assumed = new AnswerTimes().Mean;
        Assert.Equal(assumed + ((40 - assumed) / 11), other.Outlook(Lane.Interactive, 1).WaitSeconds, precision: 6);
    }

    private static async Task<Lease> AcquireAsync(SlotQueue queue) =>
        (await queue.AcquireAsync(new QueueEntry(Lane.Interactive, 1), CancellationToken.None).DefaultTimeout()).Lease!;
}
