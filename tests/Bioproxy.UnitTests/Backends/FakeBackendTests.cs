using System.Net;
using System.Net.Sockets;
using System.Text;
using Bioproxy.Doubles;
using Bioproxy.Host.Backends;
using Bioproxy.Host.Backends.Drivers;
using Bioproxy.Host.Backends.Drivers.LlamaServer;

namespace Bioproxy.UnitTests.Backends;

/// <summary>The fake behaves like the server it stands for, seen through our own client where that is possible.</summary>
public sealed class FakeBackendTests : IAsyncDisposable
{
    private readonly FakeBackend _backend = FakeBackend.Start();
    private readonly ControlCalls _calls;
    private readonly LlamaServerApi _client;

    public FakeBackendTests()
    {
        _calls = new ControlCalls(_backend.BaseAddress, TimeSpan.FromSeconds(5), null);
        _client = new LlamaServerApi(_calls);
    }

    public async ValueTask DisposeAsync()
    {
        _calls.Dispose();
        await _backend.DisposeAsync();
        Assert.Empty(_backend.Problems);
    }

    [Fact]
    public async Task Slots_Fresh_HaveNoTaskAndNoTokens()
    {
        var rows = (await _client.GetSlotsAsync(default).DefaultTimeout()).Value!;

        Assert.Equal([new SlotRow(0, false, null, null), new SlotRow(1, false, null, null)], rows);
    }

    [Fact]
    public async Task Evaluate_TwiceTheSame_ReusesAllButOneToken()
    {
        int[] tokens = [.. Enumerable.Range(10, 1200)];
        var steps = new List<(int, int, int)>();

        var first = (await _client.EvaluateAsync(tokens, 1, true, (c, p, t) => steps.Add((c, p, t)), default).DefaultTimeout()).Value;
        var second = (await _client.EvaluateAsync(tokens, null, true, static (_, _, _) => { }, default).DefaultTimeout()).Value;

        Assert.Equal(new EvaluationResult(1, 0, 1200), first);
        Assert.Equal(new EvaluationResult(1, 1199, 1), second);
        Assert.Equal([(0, 0, 1200), (0, 512, 1200), (0, 1024, 1200), (0, 1200, 1200)], steps);
        Assert.Equal(tokens, _backend.Slots[1].Tokens);
    }

    [Theory]
    [InlineData("v1/chat/completions", """{"messages":[{"role":"user","content":"hi"}]}""")]
    [InlineData("v1/chat/completions", """{"stream":true,"messages":[{"role":"user","content":"hi"}]}""")]
    [InlineData(
        "v1/chat/completions",
        """{"stream":true,"stream_options":{"include_usage":true},"messages":[{"role":"user","content":"hi"}]}""")]
    [InlineData("v1/completions", """{"prompt":"hi there"}""")]
    [InlineData("v1/completions", """{"stream":true,"prompt":"hi there"}""")]
    [InlineData("v1/responses", """{"input":"hi there"}""")]
    [InlineData("v1/responses", """{"stream":true,"input":"hi there"}""")]
    [InlineData("v1/messages", """{"messages":[{"role":"user","content":"hi"}]}""")]
    [InlineData("completion", """{"prompt":"hi there"}""")]
    [InlineData("completion", """{"stream":true,"prompt":"hi there"}""")]
    public async Task Completion_Repeated_TellsItsTimings(string path, string body)
    {
        await PostAsync(path, body);
        var tap = new ResponseTap();
        tap.Look(Encoding.UTF8.GetBytes(await PostAsync(path, body)));

        var timings = tap.Timings();
        Assert.NotNull(timings);
        Assert.Equal(1, timings.ComputedTokens);
        Assert.Equal(4, timings.GeneratedTokens);
        Assert.Equal(timings.HeldTokens, _backend.Slots[0].Tokens.Count);
    }

    [Fact]
    public async Task SaveAndRestore_AnotherProcess_ContinuesFromTheFile()
    {
        int[] tokens = [.. Enumerable.Range(10, 300)];
        await _client.EvaluateAsync(tokens, 0, true, static (_, _, _) => { }, default).DefaultTimeout();
        var saved = (await _client.SaveAsync(0, "a.bin", default).DefaultTimeout()).Value!;
        var marker = _backend.ProcessMarker;
        _backend.Restart();
        var restored = (await _client.RestoreAsync(1, "a.bin", default).DefaultTimeout()).Value!;
        var rows = (await _client.GetSlotsAsync(default).DefaultTimeout()).Value!;
        var asked = (await _client.EvaluateAsync([.. tokens, 5, 6], 1, true, static (_, _, _) => { }, default).DefaultTimeout()).Value;

        Assert.Equal((300, 300), (saved.Tokens, restored.Tokens));
        Assert.Equal(saved.Bytes, restored.Bytes);
        Assert.NotEqual(marker, _backend.ProcessMarker);
        Assert.Equal(new SlotRow(1, false, null, null), rows[1]);
        Assert.Equal(new EvaluationResult(1, 300, 2), asked);
        Assert.Equal(0, _backend.Violations.PoisonedReuses);
    }

    [Fact]
    public async Task Restore_ByOtherWeights_SucceedsAndIsCountedWhenItIsUsed()
    {
        await _client.EvaluateAsync([1, 2, 3], 0, true, static (_, _, _) => { }, default).DefaultTimeout();
        await _client.SaveAsync(0, "a.bin", default).DefaultTimeout();
        _backend.Restart(o => o with { WeightsSeed = 2 });

        Assert.True((await _client.RestoreAsync(0, "a.bin", default).DefaultTimeout()).IsSuccess);
        Assert.Equal(0, _backend.Violations.PoisonedReuses);
        await _client.EvaluateAsync([1, 2, 3, 4], 0, true, static (_, _, _) => { }, default).DefaultTimeout();
        Assert.Equal(1, _backend.Violations.PoisonedReuses);
    }

    [Fact]
    public async Task Restore_OfAMissingFile_Is400AndEmptiesTheSlot()
    {
        await _client.EvaluateAsync([1, 2, 3], 0, true, static (_, _, _) => { }, default).DefaultTimeout();

        Assert.Equal(400, (await _client.RestoreAsync(0, "none.bin", default).DefaultTimeout()).Status);
        Assert.Equal(0, (await _client.GetSlotsAsync(default).DefaultTimeout()).Value![0].PromptTokens);
    }

    [Fact]
    public async Task Unpinned_SlotWithTheSameBeginning_IsTaken()
    {
        int[] prompt = [.. Enumerable.Range(10, 100)];
        await _client.EvaluateAsync(prompt, 1, true, static (_, _, _) => { }, default).DefaultTimeout();
        await _client.EvaluateAsync([1, 2, 3], null, true, static (_, _, _) => { }, default).DefaultTimeout();

        var longer = await _client.EvaluateAsync([.. prompt, 7], null, true, static (_, _, _) => { }, default).DefaultTimeout();
        Assert.Equal(1, longer.Value!.Slot);
        Assert.Equal(0, (await _client.EvaluateAsync([8, 8], null, true, static (_, _, _) => { }, default).DefaultTimeout()).Value!.Slot);
    }

    [Fact]
    public async Task Pinned_BusySlot_WaitsAndIsACollision()
    {
        using var gate = _backend.HoldGeneration();
        var first = PostAsync("completion", """{"prompt":"a","id_slot":0}""");
        await gate.ReachedBy(1).DefaultTimeout();
        var second = PostAsync("completion", """{"prompt":"b","id_slot":0}""");
        await Eventually.TrueAsync(() => _backend.DeferredCount == 1, TimeSpan.FromSeconds(10), "the second is deferred");

        Assert.Equal(1, _backend.SlotCollisions);
        gate.Release();
        Assert.Contains("\"id_slot\":0", await first.DefaultTimeout(), StringComparison.Ordinal);
        Assert.Contains("\"id_slot\":0", await second.DefaultTimeout(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Unified_AnotherSlotStarts_EmptiesTheIdleOnes()
    {
        _backend.Restart(o => o with { UnifiedKv = true, Slots = 4 });
        await _client.EvaluateAsync([1, 2, 3], 0, true, static (_, _, _) => { }, default).DefaultTimeout();
        await _client.EvaluateAsync([4, 5, 6], 1, true, static (_, _, _) => { }, default).DefaultTimeout();

        var rows = (await _client.GetSlotsAsync(default).DefaultTimeout()).Value!;
        Assert.Equal((0L, 0, 3), (rows[0].TaskId!.Value, rows[0].PromptTokens!.Value, rows[1].PromptTokens!.Value));
    }

    [Fact]
    public async Task Gate_AfterChunks_StopsAStreamThereAndTheLeavingClientIsNoticed()
    {
        using var gate = _backend.HoldGeneration(afterChunks: 2);
        using var leaving = new CancellationTokenSource();
        int[] tokens = [.. Enumerable.Range(10, 2000)];
        var evaluation = _client.EvaluateAsync(tokens, 0, true, static (_, _, _) => { }, leaving.Token);
        var request = await gate.Reached.DefaultTimeout();

        Assert.Equal(512, _backend.Slots[0].Tokens.Count);
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => evaluation.DefaultTimeout());
        await request.Finished.DefaultTimeout();
        Assert.True(request.WasCancelled);
        Assert.False(_backend.Slots[0].IsProcessing);
        Assert.Equal(512, _backend.Slots[0].Tokens.Count);
    }

    [Fact]
    public async Task Gate_IgnoringTheLeaving_KeepsTheSlotBusyUntilReleased()
    {
        using var gate = _backend.HoldGeneration(ignoresLeaving: true);
        using var leaving = new CancellationTokenSource();
        var evaluation = _client.EvaluateAsync([1, 2, 3], 0, true, static (_, _, _) => { }, leaving.Token);
        var request = await gate.Reached.DefaultTimeout();
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => evaluation.DefaultTimeout());

        Assert.True((await _client.GetSlotsAsync(default).DefaultTimeout()).Value![0].IsProcessing);
        gate.Release();
        await request.Finished.DefaultTimeout();
        Assert.False((await _client.GetSlotsAsync(default).DefaultTimeout()).Value![0].IsProcessing);
    }

    [Fact]
    public async Task Kill_RequestUnderWay_BreaksAndTheAddressRefusesUntilRestart()
    {
        using var gate = _backend.HoldGeneration();
        var evaluation = _client.EvaluateAsync([1, 2, 3], 0, true, static (_, _, _) => { }, default);
        await gate.Reached.DefaultTimeout();

        _backend.Kill();
        Assert.True((await evaluation.DefaultTimeout()).IsUnreachable);
        Assert.True((await _client.GetSlotsAsync(default).DefaultTimeout()).IsUnreachable);
        gate.Release();
        _backend.Restart();
        Assert.True((await _client.GetSlotsAsync(default).DefaultTimeout()).IsSuccess);
    }

    [Fact]
    public async Task Probe_OtherWeights_AreFarApart()
    {
        var first = (await _client.ProbeAsync("who are you", 64, default).DefaultTimeout()).Value!;
        var again = (await _client.ProbeAsync("who are you", 64, default).DefaultTimeout()).Value!;
        _backend.Restart(o => o with { WeightsSeed = 2 });
        var other = (await _client.ProbeAsync("who are you", 64, default).DefaultTimeout()).Value!;

        Assert.Equal(first, again);
        Assert.True(first.Keys.Intersect(other.Keys).Count() < 58);
    }

    [Fact]
    public async Task TemplateAndTokens_OfAChat_AreItsPrompt()
    {
        const string Chat = """{"messages":[{"role":"system","content":"be ä"},{"role":"user","content":[{"type":"text","text":"hi"}]}]}""";
        var prompt = (await _client.ApplyTemplateAsync(Encoding.UTF8.GetBytes(Chat), default).DefaultTimeout()).Value!;
        var tokens = (await _client.TokenizeAsync(prompt, default).DefaultTimeout()).Value!;
        await PostAsync("v1/chat/completions", Chat);

        Assert.Equal("<|im_start|>system\nbe ä<|im_end|>\n<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\n", prompt);
        Assert.Equal(tokens, _backend.Slots[0].Tokens.Take(tokens.Length));
    }

    [Fact]
    public async Task Choices_Two_TakeTwoSlotsAndEmptyTheSecond()
    {
        await _client.EvaluateAsync([.. Enumerable.Range(10, 50)], 1, true, static (_, _, _) => { }, default).DefaultTimeout();
        var answer = await PostAsync("v1/chat/completions", """{"n":2,"id_slot":0,"messages":[{"role":"user","content":"hi"}]}""");

        Assert.Contains("\"index\":1", answer, StringComparison.Ordinal);
        Assert.NotEmpty(_backend.Slots[0].Tokens);
        Assert.Empty(_backend.Slots[1].Tokens);
    }

    [Theory]
    [InlineData(nameof(FakeWire.CloseBeforeAnyByte), "")]
    [InlineData(nameof(FakeWire.CloseInStatusLine), "HTTP/1.1 20")]
    [InlineData(
        nameof(FakeWire.CloseAfterHeaders),
        "HTTP/1.1 200 OK\r\nServer: llama.cpp\r\nAccess-Control-Allow-Origin: \r\nContent-Type: application/json; charset=utf-8\r\n"
        + "Content-Length: 15\r\nKeep-Alive: timeout=5, max=100\r\n\r\n")]
    [InlineData(nameof(FakeWire.ContentLengthTooLarge), "…Content-Length: 20\r\nKeep-Alive: timeout=5, max=100\r\n\r\n{\"status\":\"ok\"}")]
    [InlineData(nameof(FakeWire.ContentLengthTooSmall), "…Content-Length: 10\r\nKeep-Alive: timeout=5, max=100\r\n\r\n{\"status\":\"ok\"}")]
    [InlineData(
        nameof(FakeWire.Http10),
        "HTTP/1.0 200 OK\r\nServer: llama.cpp\r\nAccess-Control-Allow-Origin: \r\nContent-Type: application/json; charset=utf-8\r\n"
        + "Connection: close\r\n\r\n{\"status\":\"ok\"}")]
    [InlineData(nameof(FakeWire.CloseMidChunk), "…Keep-Alive: timeout=5, max=100\r\n\r\nf\r\n{\"status")]
    [InlineData(nameof(FakeWire.CloseBetweenChunks), "…Transfer-Encoding: chunked\r\nKeep-Alive: timeout=5, max=100\r\n\r\n")]
    [InlineData(nameof(FakeWire.WrongChunkLength), "…\r\n\r\n14\r\n{\"status\":\"ok\"}\r\n0\r\n\r\n")]
    [InlineData(nameof(FakeWire.GarbageChunkLength), "…\r\n\r\nzz\r\n{\"status\":\"ok\"}\r\n0\r\n\r\n")]
    [InlineData(
        nameof(FakeWire.BothLengths),
        "…Content-Length: 5\r\nX-Accel-Buffering: no\r\nTransfer-Encoding: chunked\r\nKeep-Alive: timeout=5, max=100\r\n\r\n"
        + "f\r\n{\"status\":\"ok\"}\r\n0\r\n\r\n")]
    public async Task Misbehave_Wire_AnswersExactlySo(string wire, string expected)
    {
        _backend.Misbehave("/health", FakeMisbehaviour.Of(Enum.Parse<FakeWire>(wire)));

        var answer = await RawAsync("GET /health HTTP/1.1\r\nHost: x\r\n\r\n", until: expected.TrimStart('…'));

        if (expected.StartsWith('…'))
            Assert.EndsWith(expected[1..], answer, StringComparison.Ordinal);
        else
            Assert.Equal(expected, answer);
    }

    [Fact]
    public async Task Misbehave_OncePerCall_ThenItIsGoodAgain()
    {
        _backend.Misbehave("/slots/0", FakeMisbehaviour.Answer(500));
        _backend.Misbehave("/slots/0", FakeMisbehaviour.Reports(0));
        await _client.EvaluateAsync([1, 2, 3], 0, true, static (_, _, _) => { }, default).DefaultTimeout();

        Assert.Equal(500, (await _client.SaveAsync(0, "a.bin", default).DefaultTimeout()).Status);
        Assert.Equal(0, (await _client.SaveAsync(0, "a.bin", default).DefaultTimeout()).Value!.Tokens);
        Assert.Equal(3, (await _client.SaveAsync(0, "a.bin", default).DefaultTimeout()).Value!.Tokens);
    }

    [Fact]
    public async Task NextAsync_BeforeAndAfterTheRequest_GivesEachOnce()
    {
        var coming = _backend.NextAsync("GET", "/health");
        await PostAsync("tokenize", "{}");
        using var first = await _backend.Client.GetAsync(new Uri("/health", UriKind.Relative)).DefaultTimeout();
        using var second = await _backend.Client.GetAsync(new Uri("/health", UriKind.Relative)).DefaultTimeout();

        Assert.Equal(1, (await coming.DefaultTimeout()).Order);
        Assert.Equal(2, (await _backend.NextAsync("GET", "/health").DefaultTimeout()).Order);
        Assert.False(_backend.NextAsync("GET", "/health").IsCompleted);
    }

    [Fact]
    public async Task Error_AsOnTheRealServer_ClosesTheConnection()
    {
        Assert.Equal(400, (await _client.RestoreAsync(0, "none.bin", default).DefaultTimeout()).Status);

        Assert.False((await _client.GetSlotsAsync(default).DefaultTimeout()).Connection!.IsReused);
        Assert.True((await _client.GetSlotsAsync(default).DefaultTimeout()).Connection!.IsReused);
        Assert.Equal(2, _backend.ConnectionCount);
    }

    private async Task<string> PostAsync(string path, string body)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using var response = await _backend.Client.PostAsync(new Uri(path, UriKind.Relative), content).DefaultTimeout();
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return await response.Content.ReadAsStringAsync().DefaultTimeout();
    }

    /// <summary>Everything up to the end of the connection, or to an expected end: closing our side would count as leaving.</summary>
    private async Task<string> RawAsync(string request, string until)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, _backend.Port).DefaultTimeout();
        var stream = client.GetStream();
        await stream.WriteAsync(Encoding.Latin1.GetBytes(request)).DefaultTimeout();
        var answer = string.Empty;
        var buffer = new byte[4096];
        while (!(until.Length > 0 && answer.EndsWith(until, StringComparison.Ordinal))
            && await stream.ReadAsync(buffer).DefaultTimeout() is > 0 and var read)
        {
            answer += Encoding.Latin1.GetString(buffer, 0, read);
        }

        return answer;
    }
}
