using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Bioproxy.Doubles;
using Xunit.Abstractions;

namespace Bioproxy.IntegrationTests.Soak;

/// <summary>
/// Everything at once, for as long as <c>BIOPROXY_SOAK_SECONDS</c> says (an hour in <c>scripts/soak.sh</c>, two minutes in
/// <c>scripts/test.sh</c>, 10 seconds otherwise). Memory grows at first because code is compiled: its line is only looked at from five
/// minutes on.
/// </summary>
public sealed class SoakTests(ITestOutputHelper output)
{
    private const int Clients = 3;
    private const string SecondsVariable = "BIOPROXY_SOAK_SECONDS";

    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(40);
    private static readonly TimeSpan EnoughForALine = TimeSpan.FromMinutes(5);

    private static TimeSpan Duration { get; } = TimeSpan.FromSeconds(
        int.TryParse(Environment.GetEnvironmentVariable(SecondsVariable), CultureInfo.InvariantCulture, out var seconds) ? seconds : 10);

    private static bool IsLong => Duration >= EnoughForALine;

    [Fact]
    public async Task Proxy_MixOfEverything_LeaksNothing()
    {
        await using var stage = await SoakStage.StartAsync(output);
        await stage.Proxy.WaitUntilRecognisedAsync();
        using var stop = new CancellationTokenSource();
        var pause = IsLong ? TimeSpan.Zero : TimeSpan.FromMilliseconds(50); // a short one runs beside other tests
        var clients = Enumerable.Range(0, Clients).Select(i => new SoakClient(stage.Proxy.Client, pause, seed: i)).ToList();
        var disturbance = new SoakDisturbance(stage, seed: 1);
        var samples = new List<SoakSample>();
        var errors = new HashSet<string>(StringComparer.Ordinal);

        var work = Task.WhenAll([
            .. clients.Select(client => client.RunAsync(stop.Token)),
            disturbance.RunAsync(IsLong ? TimeSpan.FromSeconds(5) : TimeSpan.FromSeconds(2), stop.Token),
        ]);
        var watch = Stopwatch.StartNew();
        using (var timer = new PeriodicTimer(TimeSpan.FromSeconds(1)))
        {
            while (watch.Elapsed < Duration && !work.IsCompleted && await timer.WaitForNextTickAsync())
            {
                samples.Add(SoakSample.Of(stage.Proxy.Id, watch.Elapsed.TotalSeconds));
                errors.UnionWith(stage.Proxy.Said.Split('\n').Where(IsError));
            }
        }

        await stop.CancelAsync();
        await work.WaitAsync(Settling);
        foreach (var sample in samples.Index().Where(one => one.Index % Math.Max(1, samples.Count / 30) == 0))
            output.WriteLine(sample.Item.ToString());
        output.WriteLine(
            $"answered {clients.Sum(c => c.Answered)}, refused {clients.Sum(c => c.Refused)}, broken {clients.Sum(c => c.Broken)}, "
            + $"left {clients.Sum(c => c.Left)}, disturbed {disturbance.Count} times");
        await AssertNothingIsHeldAsync(stage);
        var last = await SettledAsync(stage, watch);
        output.WriteLine($"settled {last}");

        Assert.True(clients.Sum(c => c.Answered) > Duration.TotalSeconds, "at least one answer a second");
        Assert.Empty(errors);
        AssertFlat(samples, last);
        Assert.Equal(0, await stage.Proxy.StopAsync());
    }

    private static bool IsError(string line) => line.Length > 8 && line.AsSpan(8).StartsWith(" error", StringComparison.Ordinal);

    /// <summary>No lease, no waiting request, no byte of a body, on any model; no slot that is still busy.</summary>
    private static async Task AssertNothingIsHeldAsync(SoakStage stage)
    {
        var held = new List<string>();
        try
        {
            await Eventually.TrueAsync(
                async () =>
                {
                    var status = await stage.Proxy.StatusAsync();
                    held = [.. HeldIn(status), .. (status["models"]?.AsArray() ?? []).SelectMany(model => HeldIn(model!))];
                    if ((long)status["body_bytes"]! is > 0 and var bytes)
                        held.Add($"{bytes} bytes of bodies");
                    return held.Count == 0;
                },
                Settling,
                "nothing is held");
        }
        catch (TimeoutException)
        {
            Assert.Fail($"Still held: {string.Join(", ", held)}");
        }
    }

    private static IEnumerable<string> HeldIn(JsonNode model)
    {
        var queue = model["queue"]!;
        if ((int)queue["used"]! > 0)
            yield return $"{queue["used"]} leases";
        foreach (var lane in new[] { "interactive", "batch", "warm_up" })
        {
            if ((int)queue[lane]!["waiting"]! + (int)queue[lane]!["active"]! > 0)
                yield return $"{queue[lane]!.ToJsonString()} in {lane}";
        }

        foreach (var slot in model["slots"]!.AsArray().Where(slot => (bool)slot!["busy"]!))
            yield return $"slot {slot!["id"]}";
    }

    /// <summary>Idle connections end after a few seconds.</summary>
    private static async Task<SoakSample> SettledAsync(SoakStage stage, Stopwatch watch)
    {
        var last = SoakSample.Of(stage.Proxy.Id, watch.Elapsed.TotalSeconds);
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1));
        for (var left = 6; left > 0 && await timer.WaitForNextTickAsync(); left--)
            last = SoakSample.Of(stage.Proxy.Id, watch.Elapsed.TotalSeconds) is { } now && now.Handles < last.Handles ? now : last;
        return last;
    }

    /// <summary>Handles and threads are at most what they were when it began to work; memory does not grow by a line.</summary>
    private static void AssertFlat(List<SoakSample> samples, SoakSample last)
    {
        var early = samples.Take(Math.Max(5, samples.Count / 4)).ToList();
        var (handles, threads) = (early.Max(static one => one.Handles), early.Max(static one => one.Threads));
        Assert.True(last.Handles <= handles + 10, $"handles: {handles} early, {last.Handles} at the end");
        Assert.True(last.Threads <= threads + 10, $"threads: {threads} early, {last.Threads} at the end");
        Assert.InRange(last.Memory, 0, 600_000_000);
        if (!IsLong)
            return;
        var second = samples.Skip(samples.Count / 2).ToList();
        var growth = SoakSample.GrowthPerMinute(second, static one => one.Memory);
        var ofMemory = growth / second.Average(static one => one.Memory);
        Assert.True(ofMemory < 0.01, $"Memory grows by {growth / 1e6:0.00} MB a minute, {ofMemory:P2}.");
    }
}
