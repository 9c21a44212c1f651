using System.ClientModel;
using System.ClientModel.Primitives;
using Anthropic;
using Anthropic.Core;
using Anthropic.Exceptions;
using Anthropic.Models.Messages;
using Bioproxy.Doubles;
using OpenAI.Responses;
using Xunit.Abstractions;

#pragma warning disable OPENAI001 // the client of /v1/responses may still change

namespace Bioproxy.IntegrationTests;

/// <summary>Every error reaches the program behind an official client: its own exception, with the proxy's words, whole and in a stream
/// that has begun.</summary>
public sealed class SdkErrorTests(ITestOutputHelper output)
{
    private static readonly TimeSpan KeepAlive = TimeSpan.FromMilliseconds(100);

    [Fact]
    public async Task Messages_QueueIsFull_IsTheSdksRateLimitException()
    {
        await using var stage = await FakeStage.StartAsync(
            output, new FakeBackendOptions { Slots = 1 }, o => o with { QueueMaxLength = 0 });
        using var gate = await HoldAsync(stage);

        var exception = await Assert.ThrowsAsync<AnthropicRateLimitException>(
            () => Claude(stage).Messages.Create(Question()).WaitAsync(FakeStage.Limit));

        Assert.Contains("All slots are busy", exception.ResponseBody, StringComparison.Ordinal);
        gate.Release();
    }

    [Fact]
    public async Task Messages_StreamFailsAfterTheWait_IsTheSdksException()
    {
        await using var stage = await FakeStage.StartAsync(
            output,
            new FakeBackendOptions { Slots = 1 },
            o => o with { QueueKeepAlive = KeepAlive, QueueMaxWait = TimeSpan.FromMilliseconds(400) });
        using var gate = await HoldAsync(stage);

        var exception = await Assert.ThrowsAnyAsync<AnthropicException>(() => ReadAsync(stage).WaitAsync(FakeStage.Limit));

        Assert.Contains("queue.max_wait_seconds", exception.ToString(), StringComparison.Ordinal);
        gate.Release();
    }

    [Fact]
    public async Task Messages_BackendRefusesAfterTheWait_IsTheSdksException()
    {
        await using var stage = await FakeStage.StartAsync(
            output, new FakeBackendOptions { Slots = 1 }, o => o with { QueueKeepAlive = KeepAlive });
        stage.Backend.Misbehave("/v1/messages", FakeMisbehaviour.Answer(400, "the prompt is too long"));
        using var gate = await HoldAsync(stage);
        using var signal = new HeadersSignal();
        var reading = ReadAsync(stage, signal);
        await signal.Came.WaitAsync(FakeStage.Limit);
        gate.Release();

        var exception = await Assert.ThrowsAnyAsync<AnthropicException>(() => reading.WaitAsync(FakeStage.Limit));

        Assert.Contains("the prompt is too long", exception.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Responses_StreamFailsAfterTheWait_TheSdkReportsBothWaysOfIt()
    {
        await using var stage = await FakeStage.StartAsync(
            output,
            new FakeBackendOptions { Slots = 1 },
            o => o with { QueueKeepAlive = KeepAlive, QueueMaxWait = TimeSpan.FromMilliseconds(400) });
        using var gate = await HoldAsync(stage);

        var updates = new List<StreamingResponseUpdate>();
        await foreach (var update in await Responses(stage).CreateResponseStreamingAsync("m", "hello"))
            updates.Add(update);

        var error = Assert.Single(updates.OfType<StreamingResponseErrorUpdate>());
        Assert.Equal("queue_timeout", error.Code);
        Assert.Contains("queue.max_wait_seconds", error.Message, StringComparison.Ordinal);
        var failed = Assert.Single(updates.OfType<StreamingResponseFailedUpdate>());
        Assert.Equal(ResponseStatus.Failed, failed.Response.Status);
        Assert.Contains("queue.max_wait_seconds", failed.Response.Error.Message, StringComparison.Ordinal);
        gate.Release();
    }

    /// <summary>The events that keep Codex connected are events to the SDK like any other, and the answer is whole behind them.</summary>
    [Fact]
    public async Task Responses_StreamWaitsLong_TheSdkReadsTheEventsAndTheAnswer()
    {
        await using var stage = await FakeStage.StartAsync(
            output, new FakeBackendOptions { Slots = 1, AnswerTokens = 4 }, o => o with { QueueKeepAlive = KeepAlive });
        using var gate = await HoldAsync(stage);
        var updates = new List<StreamingResponseUpdate>();
        await foreach (var update in await Responses(stage).CreateResponseStreamingAsync("m", "hello"))
        {
            updates.Add(update);
            if (updates.OfType<StreamingResponseInProgressUpdate>().Count() == 2)
                gate.Release(); // it waited for two intervals
        }

        Assert.IsType<StreamingResponseCreatedUpdate>(updates[0]);
        Assert.IsType<StreamingResponseInProgressUpdate>(updates[1]);
        Assert.IsType<StreamingResponseInProgressUpdate>(updates[2]);
        Assert.Equal(4, string.Concat(updates.OfType<StreamingResponseOutputTextDeltaUpdate>().Select(delta => delta.Delta)).Length);
        Assert.Equal(ResponseStatus.Completed, Assert.Single(updates.OfType<StreamingResponseCompletedUpdate>()).Response.Status);
    }

    [Fact]
    public async Task Responses_QueueIsFull_IsTheSdksException()
    {
        await using var stage = await FakeStage.StartAsync(
            output, new FakeBackendOptions { Slots = 1 }, o => o with { QueueMaxLength = 0 });
        using var gate = await HoldAsync(stage);

        var exception = await Assert.ThrowsAsync<ClientResultException>(
            () => Responses(stage).CreateResponseAsync("m", "hello").WaitAsync(FakeStage.Limit));

        Assert.Equal(429, exception.Status);
        Assert.Contains("All slots are busy", exception.Message, StringComparison.Ordinal);
        gate.Release();
    }

    private static async Task<FakeGate> HoldAsync(FakeStage stage)
    {
        var gate = stage.Backend.HoldGeneration(request => request.Text.Contains("holder", StringComparison.Ordinal));
        _ = stage.AskAsync(FakeStage.Chat("holder"));
        await gate.Reached.WaitAsync(FakeStage.Limit);
        return gate;
    }

    private static async Task ReadAsync(FakeStage stage, HeadersSignal? signal = null)
    {
        await foreach (var _ in Claude(stage, signal).Messages.CreateStreaming(Question()))
        {
            // to the end
        }
    }

    private static AnthropicClient Claude(FakeStage stage, HeadersSignal? signal = null) => new(new ClientOptions
    {
        BaseUrl = stage.App.ProxyAddress.ToString().TrimEnd('/'),
        ApiKey = "k",
        MaxRetries = 0,
        HttpClient = new HttpClient(signal ?? new HeadersSignal()),
    });

    private static MessageCreateParams Question() => new() { MaxTokens = 5, Model = "m", Messages = [new UserMessageParam("hello")] };

    private static ResponsesClient Responses(FakeStage stage) => new(new ApiKeyCredential("k"), new ResponsesClientOptions
    {
        Endpoint = new Uri(stage.App.ProxyAddress, "/v1"),
        RetryPolicy = new ClientRetryPolicy(0),
    });

    /// <summary>Says when an answer's headers have come: the proxy has begun the stream.</summary>
    private sealed class HeadersSignal() : DelegatingHandler(new SocketsHttpHandler { UseProxy = false })
    {
        private readonly TaskCompletionSource _came = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Came => _came.Task;

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var response = await base.SendAsync(request, cancellationToken);
            _came.TrySetResult();
            return response;
        }
    }
}
