using System.Net;
using Bioproxy.Doubles;
using Xunit.Abstractions;

namespace Bioproxy.IntegrationTests;

/// <summary>Limits on what clients send: each stands in the configuration, and exceeding it is answered in words.</summary>
public sealed class FakeLimitTests(ITestOutputHelper output)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    [Fact]
    public async Task Query_OfManyBytes_Passes()
    {
        await using var stage = await FakeStage.StartAsync(output);
        var target = "/v1/models?q=" + new string('a', 9_000);

        using var response = await stage.Client.GetAsync(new Uri(target, UriKind.Relative)).WaitAsync(FakeStage.Limit);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Contains(stage.Backend.Requests, r => r.Target == target);
    }

    [Fact]
    public async Task Headers_ManyAndLong_Pass()
    {
        await using var stage = await FakeStage.StartAsync(output);
        var headers = string.Concat(Enumerable.Range(0, 300).Select(i => $"X-Many-{i}: {new string('b', 150)}\r\n"));

        var response = await FakeRawClient.AskAsync(stage.App.ProxyAddress, FakeRawClient.Post(FakeStage.Chat("hello"), headers));

        Assert.Equal(200, response.Status);
    }

    [Theory]
    [InlineData("/v1/chat/completions")]
    [LongInlineData("/v1/messages/count_tokens")]
    public async Task Body_PausesForTooLong_Is408(string path)
    {
        await using var stage = await FakeStage.StartAsync(output, change: o => o with { RequestBodyTimeout = Pause });
        await using var client = await FakeRawClient.ConnectAsync(stage.App.ProxyAddress);
        var request = FakeRawClient.Post(FakeStage.Chat("slowly"), path: path);

        await client.SendAsync(request[..^40]);
        var response = await client.ReadToEndAsync();

        Assert.Equal((408, true), (response.Status, response.IsWhole));
        Assert.Contains("timeouts.request_body_seconds", response.Text, StringComparison.Ordinal);
        await stage.AssertServesAsync();
    }

    [Fact]
    public async Task Bodies_TakeAllTheMemory_Is503WithRetryAfter()
    {
        await using var stage = await FakeStage.StartAsync(
            output, new FakeBackendOptions { Slots = 1 }, o => o with { MaxQueuedBytes = 20_000 });
        using var gate = stage.Backend.HoldGeneration(r => r.Text.Contains("holder", StringComparison.Ordinal));
        var holder = stage.AskAsync(FakeStage.Chat("holder " + new string('x', 10_000)));
        await gate.Reached.WaitAsync(FakeStage.Limit);

        using var response = await stage.SendAsync(FakeStage.Chat(new string('y', 10_000)));

        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.NotNull(FakeStage.Header(response, "Retry-After"));
        await FakeResponseBytesTests.AssertOwnErrorAsync(response, "memory_full", "server_error", "limits.max_queued_bytes");
        gate.Release();
        await holder.WaitAsync(FakeStage.Limit);
        await stage.AssertServesAsync();
    }
}
