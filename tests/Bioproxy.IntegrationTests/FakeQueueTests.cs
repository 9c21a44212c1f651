using System.Diagnostics;
using System.Globalization;
using System.Net;
using Bioproxy.Doubles;
using Bioproxy.Host.WarmUp;
using Xunit.Abstractions;

namespace Bioproxy.IntegrationTests;

/// <summary>The queue in front of the slots: one request per slot, first come first served, warm-up last, bounded, nothing lost.</summary>
public sealed class FakeQueueTests(ITestOutputHelper output)
{
    private static readonly string Template = string.Concat(
        Enumerable.Range(0, 60).Select(i => $"Rule {i}: be kind to number {i}. ")) + "\n<<message>>";

    [Theory]
    [InlineData(2, false)]
    [InlineData(2, true)]
    [InlineData(1, false)]
    public async Task TenClients_FewSlots_FirstComeFirstServedAndWarmUpLast(int slots, bool unified)
    {
        const int Clients = 10;
        await using var stage = await FakeStage.StartAsync(
            output, new FakeBackendOptions { Slots = slots, UnifiedKv = unified }, templates: ("@code", Template));
        await stage.WaitUntilWarmAsync("@code");
        var gates = Enumerable.Range(0, Clients).Select(
            i => stage.Backend.HoldGeneration(r => r.Text.Contains(Name(i), StringComparison.Ordinal))).ToList();
        var before = stage.Backend.Requests.Count;

        var answers = new List<Task>();
        for (var i = 0; i < Clients; i++)
        {
            // Each one is sent when the previous one has its place.
            answers.Add(stage.AskAsync(FakeStage.Chat(i % 3 == 0 ? $"@code {Name(i)}" : Name(i), i % 2 == 0 ? "\"stream\":true," : "")));
            if (i < slots)
                await gates[i].Reached.WaitAsync(FakeStage.Limit);
            else
                await stage.WaitForQueueAsync(q => q.InteractiveWaiting == i + 1 - slots, $"client {i} waits");
        }

        // A new version of the template queues a warm-up.
        await File.WriteAllTextAsync(stage.PathOf("code.txt"), "Another version. " + Template);
        await stage.WaitForQueueAsync(q => q.WarmUpWaiting == 1, "the warm-up waits");

        for (var i = 0; i < Clients; i++)
        {
            // Two requests released one after the other may overtake each other on the way, so all must have arrived before the next is
            // released.
            foreach (var gate in gates.Skip(i).Take(slots))
                await gate.Reached.WaitAsync(FakeStage.Limit);
            gates[i].Release();
            await answers[i].WaitAsync(FakeStage.Limit);
        }

        await Eventually.TrueAsync(
            () => stage.Backend.Requests.Skip(before).Any(IsEvaluation), FakeStage.Limit, "the warm-up had its turn");
        Assert.Equal(Enumerable.Range(0, Clients).Select(Name), stage.Chats.Select(
            r => Enumerable.Range(0, Clients).Select(Name).Single(n => r.Text.Contains(n, StringComparison.Ordinal))));
        Assert.All(stage.Backend.Requests.Skip(before).Where(IsEvaluation), r => Assert.True(
            r.Order > stage.Chats[^1].Order, "a warm-up went before a user"));
        Assert.Equal(0, stage.Backend.SlotCollisions);
        Assert.Equal(0, stage.Backend.Violations.Overloads);
        Assert.Equal(0, stage.Backend.Violations.PoisonedReuses);
        await stage.WaitUntilWarmAsync("@code");
        await stage.WaitUntilIdleAsync();

        static string Name(int i) => string.Create(CultureInfo.InvariantCulture, $"client-{i}-asks");
    }

    [Fact]
    public async Task Client_LeavesTheQueue_IsGoneFromItAndNeverForwarded()
    {
        await using var stage = await FakeStage.StartAsync(output, new FakeBackendOptions { Slots = 1 });
        using var gate = stage.Backend.HoldGeneration(r => r.Text.Contains("holder", StringComparison.Ordinal));
        var holder = stage.AskAsync(FakeStage.Chat("holder"));
        await gate.Reached.WaitAsync(FakeStage.Limit);
        using var leaving = new CancellationTokenSource();
        var impatient = stage.SendAsync(FakeStage.Chat("impatient"), cancellationToken: leaving.Token);
        await stage.WaitForQueueAsync(q => q.InteractiveWaiting == 1, "it waits");
        var patient = stage.AskAsync(FakeStage.Chat("the patient one"));
        await stage.WaitForQueueAsync(q => q.InteractiveWaiting == 2, "both wait");

        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => impatient);

        await stage.WaitForQueueAsync(q => q is { InteractiveWaiting: 1, Used: 1 }, "it is gone");
        gate.Release();
        await holder.WaitAsync(FakeStage.Limit);
        await patient.WaitAsync(FakeStage.Limit);
        Assert.DoesNotContain(stage.Chats, r => r.Text.Contains("impatient", StringComparison.Ordinal));
        await stage.WaitUntilIdleAsync();
    }

    [Fact]
    public async Task Queue_IsFull_Is429WithRetryAfter()
    {
        await using var stage = await FakeStage.StartAsync(
            output, new FakeBackendOptions { Slots = 1 }, o => o with { QueueMaxLength = 2 });
        using var gate = stage.Backend.HoldGeneration(r => r.Path == "/v1/chat/completions");
        List<Task> served = [stage.AskAsync(FakeStage.Chat("one"))];
        await gate.Reached.WaitAsync(FakeStage.Limit);
        served.AddRange([stage.AskAsync(FakeStage.Chat("two")), stage.AskAsync(FakeStage.Chat("three"))]);
        await stage.WaitForQueueAsync(q => q.InteractiveWaiting == 2, "it is full");

        using var response = await stage.SendAsync(FakeStage.Chat("four"));

        Assert.Equal(HttpStatusCode.TooManyRequests, response.StatusCode);
        Assert.True(response.Headers.RetryAfter?.Delta > TimeSpan.Zero);
        await FakeResponseBytesTests.AssertOwnErrorAsync(response, "queue_full", "rate_limit_error", "queue.max_length");
        gate.Release();
        await Task.WhenAll(served).WaitAsync(FakeStage.Limit);
        Assert.Equal(3, stage.Chats.Count);
        await stage.WaitUntilIdleAsync();
    }

    [Fact]
    public async Task Queue_WaitedTooLong_Is503WithRetryAfter()
    {
        await using var stage = await FakeStage.StartAsync(
            output, new FakeBackendOptions { Slots = 1 }, o => o with { QueueMaxWait = TimeSpan.FromMilliseconds(200) });
        using var gate = stage.Backend.HoldGeneration(r => r.Path == "/v1/chat/completions");
        var holder = stage.AskAsync(FakeStage.Chat("one"));
        await gate.Reached.WaitAsync(FakeStage.Limit);

        using var response = await stage.SendAsync(FakeStage.Chat("two"));

        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.True(response.Headers.RetryAfter?.Delta > TimeSpan.Zero);
        await FakeResponseBytesTests.AssertOwnErrorAsync(response, "queue_timeout", "server_error", "queue.max_wait_seconds");
        gate.Release();
        await holder.WaitAsync(FakeStage.Limit);
        Assert.Single(stage.Chats);
        await stage.AssertServesAsync();
    }

    [Theory]
    [InlineData("/health")]
    [InlineData("/v1/models")]
    [InlineData("/slots")]
    public async Task UngatedRequest_AllSlotsBusy_DoesNotWait(string path)
    {
        await using var stage = await FakeStage.StartAsync(output, new FakeBackendOptions { Slots = 1 });
        using var gate = stage.Backend.HoldGeneration(r => r.Path == "/v1/chat/completions");
        var holder = stage.AskAsync(FakeStage.Chat("one"));
        await gate.Reached.WaitAsync(FakeStage.Limit);

        using var response = await stage.Client.GetAsync(new Uri(path, UriKind.Relative)).WaitAsync(FakeStage.Limit);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        gate.Release();
        await holder.WaitAsync(FakeStage.Limit);
    }

    [Fact]
    public async Task TwoGenerations_OfOneRequest_TakeTwoSlots()
    {
        await using var stage = await FakeStage.StartAsync(output, new FakeBackendOptions { Slots = 3 });
        using var gate = stage.Backend.HoldGeneration(r => r.Path == "/v1/chat/completions");
        var pair = stage.AskAsync(FakeStage.Chat("two answers", "\"n\":2,"));
        await gate.Reached.WaitAsync(FakeStage.Limit);
        Assert.Equal(2, (await stage.QueueAsync()).Used);

        var other = stage.AskAsync(FakeStage.Chat("two more", "\"n\":2.0,"));
        await stage.WaitForQueueAsync(q => q is { Used: 2, InteractiveWaiting: 1 }, "two more do not fit");
        Assert.Single(stage.Chats);
        gate.Release();

        await Task.WhenAll(pair, other).WaitAsync(FakeStage.Limit);
        Assert.Equal(0, stage.Backend.Violations.Overloads);
        Assert.Equal(0, stage.Backend.SlotCollisions);
        await stage.WaitUntilIdleAsync();
    }

    [Fact]
    public async Task MoreGenerations_ThanSlots_AreTheBackendsToRefuse()
    {
        await using var stage = await FakeStage.StartAsync(output);

        using var response = await stage.SendAsync(FakeStage.Chat("many", "\"n\":5,"));

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.DoesNotContain("bioproxy", await response.Content.ReadAsStringAsync().WaitAsync(FakeStage.Limit), StringComparison.Ordinal);
        await stage.AssertServesAsync();
    }

    /// <summary>A user cancels the running warm-up, which later computes only what is missing.</summary>
    [Fact]
    public async Task User_DuringAWarmUp_GoesFirstAndTheRestFollows()
    {
        var longTemplate = string.Concat(Enumerable.Repeat(Template[..1500], 3)) + "<<message>>";
        await using var backend = FakeBackend.Start(new FakeBackendOptions { Slots = 1, BatchSize = 256, RamCache = true });
        using var gate = backend.HoldGeneration(r => IsEvaluation(r) && r.Body.Length > 6000, afterChunks: 2);
        await using var stage = await FakeStage.StartAsync(output, backend.BaseAddress, templates: ("@code", longTemplate));
        var warmUp = await gate.Reached.WaitAsync(FakeStage.Limit);

        await stage.AskAsync(FakeStage.Chat("a user"));

        await warmUp.Finished.WaitAsync(FakeStage.Limit);
        Assert.True(warmUp.WasCancelled);
        gate.Release();
        await stage.WaitUntilWarmAsync("@code");
        var lines = stage.Log.Where(l => l.Contains("Warming @code:", StringComparison.Ordinal)).ToList();
        Assert.Matches("Warming @code: [0-9]+ tokens, [1-9][0-9]+ of them done before", lines[^1]);
        Assert.Contains("bioproxy_warmup_cancellations_total{prefix=\"@code\"} 1", await stage.MetricsAsync(), StringComparison.Ordinal);
        Assert.Equal(0, backend.SlotCollisions);
        Assert.Equal(0, backend.Violations.Overloads);
        Assert.Equal(WarmUpState.Warm, stage.Template("@code").State);
        await stage.WaitUntilIdleAsync();
    }

    /// <summary>Work that was announced for a slot and never appeared there.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task OtherUsers_ClientLeftBeforeItsWorkBegan_DoNotWaitForItsSlot(bool unified)
    {
        await using var stage = await FakeStage.StartAsync(
            output, new FakeBackendOptions { Slots = 4, UnifiedKv = unified }, templates: ("@code", Template));
        await stage.WaitUntilWarmAsync("@code");
        await stage.WaitUntilIdleAsync();
        using var gate = new FakeGate();
        stage.Backend.Misbehave(r => r.Text.Contains("leaving soon", StringComparison.Ordinal), FakeMisbehaviour.NeverAnswer(gate));
        using var leaving = new CancellationTokenSource();
        var asking = stage.SendAsync(FakeStage.Chat("@code leaving soon"), cancellationToken: leaving.Token);
        await gate.Reached.WaitAsync(FakeStage.Limit);
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asking);

        for (var i = 0; i < 3; i++)
            await stage.AskAsync(FakeStage.Chat($"another user, {i}"));

        Assert.DoesNotContain(stage.Log, line => line.Contains("did not show in time", StringComparison.Ordinal));
        await stage.WaitUntilIdleAsync();
    }

    /// <summary>
    /// A client that bypasses the proxy, such as llama-server's own page: a request pinned to the slot it took would wait although others
    /// are free.
    /// </summary>
    [Fact]
    public async Task Stranger_TalksToTheBackendItself_NobodyIsSentToItsSlot()
    {
        await using var stage = await FakeStage.StartAsync(output, new FakeBackendOptions { Slots = 3 });
        await stage.AskAsync(FakeStage.Chat("somebody of ours"));
        using var gate = stage.Backend.HoldGeneration(r => r.Text.Contains("past the proxy", StringComparison.Ordinal));
        using var direct = new HttpClient { BaseAddress = stage.Backend.BaseAddress };
        using var question = new StringContent(FakeStage.Chat("past the proxy", "\"id_slot\":1,"));
        var stranger = direct.PostAsync(new Uri("/v1/chat/completions", UriKind.Relative), question);
        await gate.Reached.WaitAsync(FakeStage.Limit);
        var since = Stopwatch.StartNew();
        await Eventually.TrueAsync(() => since.Elapsed > TimeSpan.FromSeconds(1.1), FakeStage.Limit, "the last look is old");

        for (var i = 0; i < 6; i++)
            await stage.AskAsync(FakeStage.Chat($"another of ours, {i}"));

        Assert.DoesNotContain(stage.Chats, r => r.Slot == 1 && r.Text.Contains("of ours", StringComparison.Ordinal));
        gate.Release();
        using var answer = await stranger.WaitAsync(FakeStage.Limit);
        await stage.WaitUntilIdleAsync();
    }

    /// <summary>
    /// A step of a warm-up. Evaluations of single tokens are not: they move a slot's content into the RAM cache before a restore.
    /// </summary>
    private static bool IsEvaluation(FakeRequest request) =>
        request.Is("POST", "/completion") && request.Body.Length > 1000
            && request.Text.Contains("\"n_predict\":0", StringComparison.Ordinal);
}
