using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Bioproxy.Doubles;
using Xunit.Abstractions;

namespace Bioproxy.IntegrationTests;

/// <summary>A stream that waits in the queue is kept alive by comments, and its outcome is reported inside the stream.</summary>
public sealed class FakeWaitingStreamTests(ITestOutputHelper output)
{
    private const string Stream = "\"stream\":true,";
    private static readonly TimeSpan KeepAlive = TimeSpan.FromMilliseconds(100);

    [Fact]
    public async Task Stream_WaitsLong_GetsCommentsAndThenItsAnswer()
    {
        await using var stage = await FakeStage.StartAsync(
            output, new FakeBackendOptions { Slots = 1 }, o => o with { QueueKeepAlive = KeepAlive });
        using var gate = stage.Backend.HoldGeneration(r => r.Text.Contains("holder", StringComparison.Ordinal));
        var holder = stage.AskAsync(FakeStage.Chat("holder"));
        await gate.Reached.WaitAsync(FakeStage.Limit);

        using var response = await stage.SendAsync(FakeStage.Chat("patient", Stream));
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType?.MediaType);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(), Encoding.UTF8);
        for (var i = 0; i < 2; i++)
            Assert.StartsWith(": waiting for a slot", await reader.ReadLineAsync().WaitAsync(FakeStage.Limit), StringComparison.Ordinal);

        gate.Release();
        await holder.WaitAsync(FakeStage.Limit);
        var rest = await reader.ReadToEndAsync().WaitAsync(FakeStage.Limit);

        Assert.Contains(", X-Bioproxy-Cached-Tokens: ", rest, StringComparison.Ordinal);
        Assert.DoesNotContain("prompt_progress", rest, StringComparison.Ordinal);
        Assert.EndsWith("data: [DONE]\n\n", rest, StringComparison.Ordinal);
        await stage.WaitUntilIdleAsync();
    }

    [Fact]
    public async Task Stream_WaitsTooLong_IsToldInTheStream()
    {
        await using var stage = await FakeStage.StartAsync(output, new FakeBackendOptions { Slots = 1 },
            o => o with { QueueKeepAlive = KeepAlive, QueueMaxWait = TimeSpan.FromMilliseconds(400) });
        using var gate = stage.Backend.HoldGeneration(r => r.Text.Contains("holder", StringComparison.Ordinal));
        var holder = stage.AskAsync(FakeStage.Chat("holder"));
        await gate.Reached.WaitAsync(FakeStage.Limit);

        using var response = await stage.SendAsync(FakeStage.Chat("patient", Stream));
        var text = await response.Content.ReadAsStringAsync().WaitAsync(FakeStage.Limit);

        Assert.Equal("queue_timeout", (string)ErrorIn(text)["code"]!);
        gate.Release();
        await holder.WaitAsync(FakeStage.Limit);
        await stage.WaitUntilIdleAsync();
    }

    [Fact]
    public async Task Stream_BackendRefusesItAfterTheWait_ItsErrorIsToldInTheStream()
    {
        await using var stage = await FakeStage.StartAsync(
            output, new FakeBackendOptions { Slots = 1 }, o => o with { QueueKeepAlive = KeepAlive });
        using var gate = stage.Backend.HoldGeneration(r => r.Text.Contains("holder", StringComparison.Ordinal));
        var holder = stage.AskAsync(FakeStage.Chat("holder"));
        await gate.Reached.WaitAsync(FakeStage.Limit);
        stage.Backend.Misbehave(
            r => r.Text.Contains("patient", StringComparison.Ordinal), FakeMisbehaviour.Answer(400, "the prompt is too long"));

        using var response = await stage.SendAsync(FakeStage.Chat("patient", Stream));
        gate.Release();
        await holder.WaitAsync(FakeStage.Limit);
        var text = await response.Content.ReadAsStringAsync().WaitAsync(FakeStage.Limit);

        Assert.Equal("the prompt is too long", (string)ErrorIn(text)["message"]!);
        await stage.AssertServesAsync();
    }

    [Fact]
    public async Task NotAStream_WaitsLong_GetsNothingBeforeItsAnswer()
    {
        await using var stage = await FakeStage.StartAsync(
            output, new FakeBackendOptions { Slots = 1 }, o => o with { QueueKeepAlive = KeepAlive });
        using var gate = stage.Backend.HoldGeneration(r => r.Text.Contains("holder", StringComparison.Ordinal));
        var holder = stage.AskAsync(FakeStage.Chat("holder"));
        await gate.Reached.WaitAsync(FakeStage.Limit);

        var waiting = stage.AskAsync(FakeStage.Chat("patient"));
        await stage.WaitForQueueAsync(q => q.InteractiveWaiting == 1, "it waits");

        // A stream that waits behind it gets its comments, so enough time has passed.
        using var stream = await stage.SendAsync(FakeStage.Chat("stream", Stream));
        using (var comments = new StreamReader(await stream.Content.ReadAsStreamAsync(), Encoding.UTF8))
        {
            for (var line = 0; line < 4; line++)
                await comments.ReadLineAsync().WaitAsync(FakeStage.Limit);
            Assert.False(waiting.IsCompleted);
            gate.Release();
            await holder.WaitAsync(FakeStage.Limit);
            await comments.ReadToEndAsync().WaitAsync(FakeStage.Limit);
        }

        var (text, response) = await waiting.WaitAsync(FakeStage.Limit);
        Assert.StartsWith("{", text, StringComparison.Ordinal);
        Assert.True(int.Parse(FakeStage.Header(response, "X-Bioproxy-Queue-Ms")!) > 0);
    }

    /// <summary>Batch work, recognised by its header or its key, waits until no interactive request does, whichever came first.</summary>
    [Fact]
    public async Task Lanes_BatchAndInteractiveWait_InteractiveGoesFirst()
    {
        await using var stage = await FakeStage.StartAsync(
            output, new FakeBackendOptions { Slots = 1 }, o => o with { BatchApiKeys = ["night"] });
        using var gate = stage.Backend.HoldGeneration(r => r.Text.Contains("holder", StringComparison.Ordinal));
        var holder = stage.AskAsync(FakeStage.Chat("holder"));
        await gate.Reached.WaitAsync(FakeStage.Limit);

        var first = AskInLaneAsync(stage, "by header", "X-Bioproxy-Lane", "batch");
        await stage.WaitForQueueAsync(q => q.BatchWaiting == 1, "one waits");
        var second = AskInLaneAsync(stage, "by key", "Authorization", "Bearer night");
        await stage.WaitForQueueAsync(q => q.BatchWaiting == 2, "two wait");
        var third = AskInLaneAsync(stage, "interactive", "X-Bioproxy-Lane", "interactive");
        await stage.WaitForQueueAsync(q => q is { BatchWaiting: 2, InteractiveWaiting: 1 }, "three wait");
        gate.Release();
        await Task.WhenAll(holder, first, second, third).WaitAsync(FakeStage.Limit);

        Assert.Equal(["holder", "interactive", "by header", "by key"], stage.Chats.Select(
            r => (string)JsonNode.Parse(r.Text)!["messages"]![0]!["content"]!));
        using var wrong = await stage.Client.SendAsync(InLane("x", "X-Bioproxy-Lane", "fast"));
        Assert.Equal(HttpStatusCode.BadRequest, wrong.StatusCode);
        Assert.Contains("interactive or batch", await wrong.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        await stage.WaitUntilIdleAsync();
    }

    private static async Task AskInLaneAsync(FakeStage stage, string text, string header, string value)
    {
        using var response = await stage.Client.SendAsync(InLane(text, header, value));
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    private static HttpRequestMessage InLane(string text, string header, string value)
    {
        var request = FakeStage.Post(FakeStage.Chat(text));
        request.Headers.TryAddWithoutValidation(header, value);
        return request;
    }

    private static JsonNode ErrorIn(string stream)
    {
        var data = Assert.Single(stream.Split('\n'), line => line.StartsWith("data: ", StringComparison.Ordinal));
        return JsonNode.Parse(data[6..])!["error"]!;
    }
}
