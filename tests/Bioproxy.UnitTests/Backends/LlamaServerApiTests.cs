using System.Text.Json.Nodes;
using Bioproxy.Doubles;
using Bioproxy.Host.Backends;
using Bioproxy.Host.Backends.Drivers;
using Bioproxy.Host.Backends.Drivers.LlamaServer;

namespace Bioproxy.UnitTests.Backends;

/// <summary>Whatever a server sends, a control call ends in a value.</summary>
public sealed class LlamaServerApiTests : IAsyncDisposable
{
    private readonly FakeBackend _backend = FakeBackend.Start();
    private readonly ControlCalls _calls;
    private readonly LlamaServerApi _client;

    public LlamaServerApiTests()
    {
        _calls = new ControlCalls(_backend.BaseAddress, TimeSpan.FromSeconds(5), "key");
        _client = new LlamaServerApi(_calls);
    }

    public async ValueTask DisposeAsync()
    {
        _calls.Dispose();
        await _backend.DisposeAsync();
        Assert.Empty(_backend.Problems);
    }

    public static TheoryData<string> Garbage =>
    [
        "", "{", "null", "5", "\"text\"", "[]", "{}", "[1]", "[null]", "[[]]",
        "{\"tokens\":\"x\"}", "{\"tokens\":[\"a\"]}", "{\"tokens\":[1.5]}", "{\"prompt\":5}", "{\"prompt\":\"\\ud800\"}",
        "{\"n_saved\":\"1\",\"n_restored\":null}", "{\"n_saved\":1e99,\"n_restored\":1e99}",
        "{\"n_saved\":5,\"n_restored\":5,\"n_written\":\"x\",\"n_read\":[]}", "{\"n_saved\":5,\"n_restored\":5,\"timings\":[]}",
        "{\"completion_probabilities\":[]}", "{\"completion_probabilities\":[{\"top_logprobs\":[{\"id\":1,\"logprob\":null}]}]}",
        "{\"completion_probabilities\":[{\"top_logprobs\":[{\"id\":1,\"logprob\":-1},{\"id\":1,\"logprob\":-2}]}]}",
        "[{\"id\":\"0\",\"is_processing\":false}]", "[{\"id\":0,\"is_processing\":\"no\"}]",
        "[{\"id\":0,\"is_processing\":false,\"id_task\":\"x\"}]",
        "[{\"id\":0,\"is_processing\":false,\"id_task\":1,\"n_prompt_tokens\":null}]",
        "data: {\"timings\":5}\n\n", "data: {\"timings\":{}}\n\n", "data: {\"timings\":{\"cache_n\":1.5,\"prompt_n\":1}}\n\n",
        "data: {\"prompt_progress\":{\"total\":\"x\"}}\n\n", "data: {bad\n\n", "data: {\"error\":5}\n\n",
        "error: {\"error\":{\"message\":\"m\"}}\n\n",
    ];

    [Theory]
    [MemberData(nameof(Garbage))]
    public async Task AnyCall_AnswerIsGarbage_IsAFailureThatSaysSo(string body)
    {
        for (var i = 0; i < 10; i++)
            _backend.Misbehave(_ => true, FakeMisbehaviour.Garbage(body));

        var hasCounts = body.Contains("n_saved\":5", StringComparison.Ordinal);
        Check(await _client.SaveAsync(0, "a.bin", default).DefaultTimeout(), mayBeGood: hasCounts);
        Check(await _client.RestoreAsync(0, "a.bin", default).DefaultTimeout(), mayBeGood: hasCounts);
        Check(await _client.GetSlotsAsync(default).DefaultTimeout(), mayBeGood: body == "[]");
        Check(await _client.TokenizeAsync("x", default).DefaultTimeout());
        Check(await _client.ApplyTemplateAsync("{}"u8.ToArray(), default).DefaultTimeout());
        Check(await _client.ProbeAsync("x", 4, default).DefaultTimeout());
        Check(await _client.EvaluateAsync([1], null, true, static (_, _, _) => { }, default).DefaultTimeout());
        Assert.False(await _client.CanSaveSlotsAsync(default).DefaultTimeout());

        void Check<T>(BackendAnswer<T> answer, bool mayBeGood = false)
            where T : class
        {
            Assert.True(mayBeGood || !answer.IsSuccess, $"{typeof(T).Name} of {body}");
            if (!answer.IsSuccess)
                Assert.False(string.IsNullOrEmpty(answer.Problem), $"{typeof(T).Name} of {body}");
        }
    }

    [Theory]
    [InlineData(nameof(FakeWire.CloseBeforeAnyByte))]
    [InlineData(nameof(FakeWire.CloseInStatusLine))]
    [InlineData(nameof(FakeWire.CloseAfterHeaders))]
    [InlineData(nameof(FakeWire.CloseMidChunk))]
    [InlineData(nameof(FakeWire.CloseBetweenChunks))]
    [InlineData(nameof(FakeWire.WrongChunkLength))]
    [InlineData(nameof(FakeWire.GarbageChunkLength))]
    [InlineData(nameof(FakeWire.ContentLengthTooLarge))]
    public async Task AnyCall_ConnectionBreaks_IsUnreachable(string wire)
    {
        for (var i = 0; i < 10; i++)
            _backend.Misbehave(_ => true, FakeMisbehaviour.Of(Enum.Parse<FakeWire>(wire)));

        Assert.True((await _client.GetSlotsAsync(default).DefaultTimeout()).IsUnreachable);
        Assert.True((await _calls.GetAsync("props", default).DefaultTimeout()).IsUnreachable);
        Assert.True((await _client.EvaluateAsync([1, 2, 3], null, true, static (_, _, _) => { }, default).DefaultTimeout()).IsUnreachable);
    }

    [Theory]
    [InlineData(nameof(FakeWire.Http10))]
    [InlineData(nameof(FakeWire.BothLengths))]
    public async Task AnyCall_UnusualButWhole_IsRead(string wire)
    {
        _backend.Misbehave(_ => true, FakeMisbehaviour.Of(Enum.Parse<FakeWire>(wire)));
        _backend.Misbehave(_ => true, FakeMisbehaviour.Of(Enum.Parse<FakeWire>(wire)));

        Assert.Equal(2, (await _client.GetSlotsAsync(default).DefaultTimeout()).Value?.Count);
        var answer = await _client.EvaluateAsync([1, 2, 3], null, true, static (_, _, _) => { }, default).DefaultTimeout();
        Assert.Equal(3, answer.Value?.ComputedTokens);
    }

    [Fact]
    public async Task Evaluate_BytesComeOneByOne_IsTheSame()
    {
        _backend.Misbehave("/completion", FakeMisbehaviour.OneByteWrites());
        _backend.Misbehave("/completion", new FakeMisbehaviour { ChunkSize = 7 });
        _backend.Misbehave("/completion", new FakeMisbehaviour { IsMerged = true });
        var steps = 0;

        for (var i = 0; i < 3; i++)
        {
            int[] tokens = [.. Enumerable.Range(1 + i, 1000)];
            Assert.NotNull((await _client.EvaluateAsync(tokens, 0, true, (_, _, _) => steps++, default).DefaultTimeout()).Value);
        }

        Assert.Equal(9, steps);
    }

    [Fact]
    public async Task Evaluate_Error_TellsTheServersWords()
    {
        _backend.Misbehave("/completion", FakeMisbehaviour.Answer(500, "out of memory"));

        var answer = await _client.EvaluateAsync([1], null, true, static (_, _, _) => { }, default).DefaultTimeout();

        Assert.Equal((500, "out of memory"), (answer.Status, answer.Problem));
    }

    [Fact]
    public async Task EvaluateChat_Body_IsTheChatWithWhatItTakes()
    {
        var chat = JsonNode.Parse("""{"messages":[{"role":"user","content":"Hi"}]}""")!.AsObject();

        Assert.NotNull((await _client.EvaluateChatAsync(chat, 1, mayReuse: false, default).DefaultTimeout()).Value);

        var sent = (await _backend.NextAsync("POST", "/v1/chat/completions").DefaultTimeout()).Json;
        Assert.Equal("user", (string)sent["messages"]![0]!["role"]!);
        Assert.Equal((0, 1), ((int)sent["max_tokens"]!, (int)sent["id_slot"]!));
        Assert.Equal((false, true, true), ((bool)sent["cache_prompt"]!, (bool)sent["stream"]!, (bool)sent["return_progress"]!));
    }

    /// <summary>Measured: a token that begins a call of a tool, and nothing behind it, is an error.</summary>
    [Theory]
    [InlineData(9, true)]
    [InlineData(8, false)]
    public async Task EvaluateChat_OnlyTheTokenBehindItFails_IsComputed(int processed, bool isComputed)
    {
        _backend.Misbehave("/v1/chat/completions", FakeMisbehaviour.Garbage(
            "data: {\"prompt_progress\":{\"total\":9,\"cache\":2,\"processed\":" + processed + "}}\n\n"
            + "data: {\"error\":{\"code\":500,\"message\":\"not the expected format\"}}\n\n"));

        var answer = await _client.EvaluateChatAsync([], null, mayReuse: true, default).DefaultTimeout();

        Assert.Equal(isComputed ? new EvaluationResult(null, 2, 7) : null, answer.Value);
    }

    [Fact]
    public async Task AnyCall_Key_IsSent()
    {
        await _client.GetSlotsAsync(default).DefaultTimeout();

        Assert.Equal("Bearer key", (await _backend.NextAsync("GET", "/slots").DefaultTimeout()).Header("Authorization"));
    }

    [Fact]
    public async Task AnyCall_Cancelled_Throws()
    {
        using var gate = new FakeGate();
        using var leaving = new CancellationTokenSource();
        _backend.Misbehave("/slots", FakeMisbehaviour.NeverAnswer(gate));
        var asked = _client.GetSlotsAsync(leaving.Token);
        await gate.Reached.DefaultTimeout();

        await leaving.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asked.DefaultTimeout());
    }

    [Theory]
    [InlineData(true, true)]
    [InlineData(false, false)]
    public async Task CanSave_AsTheServerWasStarted(bool canSave, bool expected)
    {
        _backend.Restart(o => o with { CanSave = canSave });

        Assert.Equal(expected, await _client.CanSaveSlotsAsync(default).DefaultTimeout());
        Assert.Empty(_backend.Files.Names);
    }

    [Fact]
    public async Task Erase_Slot_IsEmpty()
    {
        await _client.EvaluateAsync([1, 2, 3], 1, true, static (_, _, _) => { }, default).DefaultTimeout();

        Assert.True(await _client.EraseAsync(1, default).DefaultTimeout());
        Assert.Empty(_backend.Slots[1].Tokens);
    }

    [Fact]
    public async Task Base_WithAPath_IsKept()
    {
        using var calls = new ControlCalls(new Uri(_backend.BaseAddress, "upstream/m"), TimeSpan.FromSeconds(5), null);
        var client = new LlamaServerApi(calls);

        await client.GetSlotsAsync(default).DefaultTimeout();

        Assert.Equal("/upstream/m/slots", Assert.Single(_backend.Requests).Target);
    }

    [Fact]
    public async Task Connection_FreshOrNot_IsTold()
    {
        var first = (await _client.GetSlotsAsync(default).DefaultTimeout()).Connection!;
        var second = (await _client.GetSlotsAsync(default).DefaultTimeout()).Connection!;
        _backend.Restart();
        var third = (await _client.GetSlotsAsync(default).DefaultTimeout()).Connection!;

        Assert.Equal((false, true, false), (first.IsReused, second.IsReused, third.IsReused));
        Assert.Equal(first.Connection, second.Connection);
        Assert.NotEqual(first.Connection, third.Connection);
        Assert.True(third.Established > first.Established);
    }

    [Fact]
    public async Task AnyCall_HostTakesNoConnection_IsUnreachableAndNotCancelled()
    {
        using var full = new FullListener();
        using var calls = new ControlCalls(full.Address, TimeSpan.FromMilliseconds(200), null);
        var client = new LlamaServerApi(calls);

        Assert.True((await calls.GetAsync("props", default).DefaultTimeout()).IsUnreachable);
        Assert.True((await client.EvaluateAsync([1], null, true, static (_, _, _) => { }, default).DefaultTimeout()).IsUnreachable);
    }

    [Fact]
    public void Hash_IsShortAndTellsTextsApart()
    {
        Assert.Equal(16, LlamaServerDriver.Hash("a").Length);
        Assert.NotEqual(LlamaServerDriver.Hash("a"), LlamaServerDriver.Hash("b"));
    }
}
