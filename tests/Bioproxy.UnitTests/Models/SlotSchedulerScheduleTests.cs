using Bioproxy.Doubles;
using Bioproxy.Host.Backends;
using Bioproxy.Host.Models;
using Bioproxy.Host.Models.Slots;
using Bioproxy.UnitTests.PromptTests;

namespace Bioproxy.UnitTests.Models;

/// <summary>Many clients at once whose choices come from a seed: whatever they do, and whenever they leave, no slot is used twice and
/// nothing is kept.</summary>
public sealed class SlotSchedulerScheduleTests
{
    private const int Slots = 3;
    private const int Clients = 6;
    private const int Requests = 40;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task AnySchedule_InvariantsHold(int seed)
    {
        await using var model = new ModelFixture(time: TimeProvider.System, slots: Slots);
        await model.StartAsync();
        for (var letter = 'a'; letter <= 'd'; letter++)
            model.AddSnapshot(ModelFixture.Text(letter));
        var inUse = new int[Slots];
        var violations = 0;
        model.Api.OnRestore = (slot, _) => UseAsync<SlotFileResult>(slot);
        model.Api.OnSave = (slot, _) => UseAsync<SlotFileResult>(slot);
        model.Api.OnEvaluate = (slot, _, _) => UseAsync<EvaluationResult>(slot!.Value);

        var clients = Enumerable.Range(0, Clients).Select(client => Task.Run(() => ClientAsync(new Random((seed * 1000) + client))));
        await Task.WhenAll(clients).DefaultTimeout();

        await model.Instance.Watcher.PollAsync(default).DefaultTimeout();
        Assert.Equal(0, violations);
        Assert.False(model.Table.HasUnseenResults);
        model.AssertNothingIsOwned();

        async Task ClientAsync(Random random)
        {
            for (var i = 0; i < Requests; i++)
            {
                var lease = (await model.Queue.AcquireAsync(new(Lane.Interactive, 1), default).DefaultTimeout()).Lease!;
                try
                {
                    await RequestAsync(random);
                }
                finally
                {
                    lease.Release();
                }
            }
        }

        async Task RequestAsync(Random random)
        {
            using var leaving = new CancellationTokenSource();
            if (random.Next(4) == 0)
                leaving.CancelAfter(TimeSpan.FromMilliseconds(random.Next(3)));
            var text = ModelFixture.Text((char)('a' + random.Next(6))) + new string('+', random.Next(2) * 400);
            using var prompt = random.Next(8) == 0 ? null : TestPrompts.Of(text, canPin: random.Next(3) > 0);
            Placement placement;
            try
            {
                placement = await model.PlaceAsync(prompt, leaving.Token).DefaultTimeout();
            }
            catch (OperationCanceledException)
            {
                return;
            }

            // No other request may take a slot that was prepared for one that the server places by itself.
            if ((placement.Slot ?? (placement.Work is null ? null : placement.Plan.Slot)) is { } slot)
            {
                if (Interlocked.Increment(ref inUse[slot]) > 1)
                    Interlocked.Increment(ref violations);
                await Task.Yield();
                model.Api.Run(slot, text.Length / 4);
                model.Instance.Started(placement);
                Interlocked.Decrement(ref inUse[slot]);
            }
            else
            {
                model.Instance.Started(placement);
            }

            var cached = (int)placement.ExpectedTokens;
            var timings = new PromptTimings(cached, Math.Max(0, (text.Length / 4) - cached), 0);
            var isComplete = random.Next(5) > 0;
            var outcome = new WorkOutcome(isComplete, IsStreaming: true, isComplete ? timings : null, isComplete ? 1 : 0);
            await model.Instance.SettleAsync(placement, outcome).DefaultTimeout();
        }

        async Task<BackendAnswer<T>?> UseAsync<T>(int slot)
            where T : class
        {
            if (Interlocked.Increment(ref inUse[slot]) > 1)
                Interlocked.Increment(ref violations);
            await Task.Yield();
            Interlocked.Decrement(ref inUse[slot]);
            return null;
        }
    }
}
