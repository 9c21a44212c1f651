using System.Globalization;
using System.Net;
using Bioproxy.Doubles;
using Xunit.Abstractions;

namespace Bioproxy.IntegrationTests;

/// <summary>Everything at once, seeded: streams, cancellations, failures, restarts with other weights.</summary>
public sealed class FakeStressTests(ITestOutputHelper output)
{
    private const string Chat = "/v1/chat/completions";
    private const int Requests = 80;
    private const int Workers = 8;

    [Theory]
    [LongInlineData(1, 2, false, false)]
    [InlineData(2, 2, true, true)]
    [InlineData(3, 1, false, true)]
    [LongInlineData(4, 4, true, false)]
    public async Task Proxy_RandomMix_LosesNothingAndUsesNothingWrong(int seed, int slots, bool unified, bool ramCache)
    {
        var template = string.Concat(Enumerable.Range(0, 20).Select(i => $"Rule {i}. "));
        await using var stage = await FakeStage.StartAsync(
            output, new FakeBackendOptions { Slots = slots, UnifiedKv = unified, RamCache = ramCache, BatchSize = 64 },
                templates: [("@code", template + "<<message>>"), ("@review", "Review. " + template + "<<message>>")]);
        using var gate = new SemaphoreSlim(1, 1);
        var next = -1;
        var weights = 1;
        var ends = new int[4];

        await Task.WhenAll(Enumerable.Range(0, Workers).Select(WorkAsync)).WaitAsync(TimeSpan.FromSeconds(60));

        output.WriteLine(
            $"answered {ends[0]}, refused {ends[1]}, broken {ends[2]}, left {ends[3]}; collisions {stage.Backend.SlotCollisions}, "
            + $"overloads {stage.Backend.Violations.Overloads}");
        await stage.WaitUntilIdleAsync();
        Assert.Equal(0, stage.Backend.SlotCollisions);
        Assert.Equal(0, stage.Backend.Violations.PoisonedReuses);
        Assert.True(ends[0] > Requests / 3, "most were answered");
        Assert.Empty(stage.Backend.Problems);
        Assert.DoesNotContain(stage.Log, l => l.Contains("by a bug", StringComparison.Ordinal));
        stage.Backend.Restart();
        await stage.WaitUntilKnownAsync();
        await stage.AssertServesAsync();
        await stage.WaitUntilWarmAsync("@code");

        async Task WorkAsync(int worker)
        {
            var random = new Random((seed * 1000) + worker);
            while (Interlocked.Increment(ref next) is var number && number < Requests)
            {
                if (number % 20 == 19)
                    await RestartAsync(random);
                var isStream = random.Next(2) == 0;
                var name = string.Create(CultureInfo.InvariantCulture, $"request-{number}-");
                var text = random.Next(3) switch { 0 => "@code ", 1 => "@review ", _ => "" } + name;
                if (random.Next(5) == 0)
                    stage.Backend.Misbehave(r => r.Path == Chat && r.Text.Contains(name, StringComparison.Ordinal), Script(random));
                var collisions = stage.Backend.SlotCollisions;
                using var leaving = new CancellationTokenSource();
                var leaves = random.Next(6) == 0;
                using var held = leaves
                    ? stage.Backend.HoldGeneration(r => r.Text.Contains(name, StringComparison.Ordinal), afterChunks: random.Next(3))
                    : null;
                try
                {
                    var asking = stage.SendAsync(
                        FakeStage.Chat(text, isStream ? "\"stream\":true," : ""), cancellationToken: leaving.Token);
                    if (leaves)
                    {
                        await Task.WhenAny(held!.Reached, asking).WaitAsync(FakeStage.Limit, CancellationToken.None);
                        await leaving.CancelAsync();
                    }

                    using var response = await asking;
                    await response.Content.ReadAsByteArrayAsync(leaving.Token).WaitAsync(FakeStage.Limit, CancellationToken.None);
                    Interlocked.Increment(ref ends[response.StatusCode == HttpStatusCode.OK ? 0 : 1]);
                }
                catch (OperationCanceledException) when (leaving.IsCancellationRequested)
                {
                    Interlocked.Increment(ref ends[3]);
                }
                catch (Exception e) when (e is HttpRequestException or IOException)
                {
                    Interlocked.Increment(ref ends[2]);
                }

                if (stage.Backend.SlotCollisions > collisions)
                    output.WriteLine(
                        $"a collision while {name} ran, now {stage.Log[^1].Trim()}; last at the backend: "
                        + $"{string.Join(" | ", stage.Backend.Requests.TakeLast(12).Select(r => $"{r} slot {r.Slot}"))}");
            }
        }

        async Task RestartAsync(Random random)
        {
            await gate.WaitAsync(FakeStage.Limit);
            try
            {
                weights = random.Next(3) == 0 ? weights : weights + 1;
                stage.Backend.Restart(o => o with { WeightsSeed = weights });
            }
            finally
            {
                gate.Release();
            }
        }
    }

    private static FakeMisbehaviour Script(Random random) => random.Next(8) switch
    {
        0 => FakeMisbehaviour.Answer(500),
        1 => FakeMisbehaviour.Of(FakeWire.CloseBeforeAnyByte),
        2 => FakeMisbehaviour.Of(FakeWire.CloseMidChunk, 1),
        3 => FakeMisbehaviour.Of(FakeWire.CloseBetweenChunks, 2),
        4 => FakeMisbehaviour.Of(FakeWire.ContentLengthTooLarge),
        5 => FakeMisbehaviour.OneByteWrites(),
        6 => new FakeMisbehaviour { ChunkSize = 3 },
        _ => new FakeMisbehaviour { Wire = FakeWire.CloseAfterHeaders, IsReset = true },
    };
}
