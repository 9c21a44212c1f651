using Bioproxy.Doubles;
using Xunit.Abstractions;

namespace Bioproxy.IntegrationTests;

/// <summary>A client that leaves or stops reading: its request is cancelled at the backend, and its lease is returned.</summary>
public sealed class FakeClientLeavesTests(ITestOutputHelper output)
{
    private const string Chat = "/v1/chat/completions";

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Client_LeavesBeforeTheAnswer_UpstreamIsCancelled(bool isStream)
    {
        await using var stage = await FakeStage.StartAsync(output);
        using var gate = stage.Backend.HoldGeneration(r => r.Path == Chat);
        using var leaving = new CancellationTokenSource();
        var asking = stage.SendAsync(FakeStage.Chat("never", isStream ? "\"stream\":true," : ""), cancellationToken: leaving.Token);
        var request = await gate.Reached.WaitAsync(FakeStage.Limit);

        await leaving.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asking);
        await request.Finished.WaitAsync(FakeStage.Limit);
        Assert.True(request.WasCancelled);
        gate.Release();
        await stage.AssertServesAsync();
    }

    [Fact]
    public async Task Client_LeavesWithinTheStream_UpstreamIsCancelled()
    {
        await using var stage = await FakeStage.StartAsync(output);
        using var gate = stage.Backend.HoldGeneration(r => r.Path == Chat, afterChunks: 3);
        await using (var client = await FakeRawClient.ConnectAsync(stage.App.ProxyAddress))
        {
            await client.SendAsync(FakeRawClient.Post(FakeStage.Chat("leaving", "\"stream\":true,")));
            await client.ReadUntilAsync("data: ");
            await gate.Reached.WaitAsync(FakeStage.Limit);
        }

        var request = stage.Chats[0];
        await request.Finished.WaitAsync(FakeStage.Limit);
        Assert.True(request.WasCancelled);
        gate.Release();
        await stage.AssertServesAsync();
    }

    /// <summary>
    /// llama-server notices that a client left only at its next batch; until then the slot is busy and the lease is held.
    /// </summary>
    [Fact]
    public async Task Client_LeavesAndServerWorksOn_LeaseComesBackWithTheSlot()
    {
        await using var stage = await FakeStage.StartAsync(output, new FakeBackendOptions { Slots = 1 });
        using var gate = stage.Backend.HoldGeneration(r => r.Text.Contains("first", StringComparison.Ordinal), ignoresLeaving: true);
        using var leaving = new CancellationTokenSource();
        var asking = stage.SendAsync(FakeStage.Chat("first"), cancellationToken: leaving.Token);
        await gate.Reached.WaitAsync(FakeStage.Limit);
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asking);

        var second = stage.AskAsync(FakeStage.Chat("second"));
        await stage.WaitForQueueAsync(q => q is { Used: 1, InteractiveWaiting: 1 }, "the second waits though the first client left");
        Assert.Single(stage.Chats);
        gate.Release();

        await second.WaitAsync(FakeStage.Limit);
        Assert.Equal(0, stage.Backend.SlotCollisions);
        Assert.Equal(0, stage.Backend.Violations.Overloads);
        await stage.WaitUntilIdleAsync();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Client_StopsReading_IsCutOffAndItsLeaseComesBack(bool isStream)
    {
        var piece = new byte[64 * 1024];
        Array.Fill(piece, (byte)'x');
        await using var backend = new FakeRawBackend(async exchange =>
        {
            await exchange.WriteAsync(isStream ? "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
                : "HTTP/1.1 200 OK\r\nContent-Length: 9000000000\r\n\r\n");
            while (true)
            {
                if (isStream)
                    await exchange.ChunkAsync(piece);
                else
                    await exchange.WriteAsync(piece);
            }
        });
        await using var stage = await FakeStage.StartAsync(
            output, backend.BaseAddress, o => o with { ClientWriteTimeout = TimeSpan.FromMilliseconds(300) });
        await using var client = await FakeRawClient.ConnectAsync(stage.App.ProxyAddress, receiveBuffer: 4096);

        await client.SendAsync(FakeRawClient.Post("{\"stream\":true}"));
        await stage.WaitForQueueAsync(q => q.Used == 1, "it was let in");
        await stage.WaitUntilIdleAsync();

        await Assert.Single(backend.Exchanges).Left.WaitAsync(FakeStage.Limit);
        Assert.False((await client.ReadToEndAsync()).IsWhole);
    }
}
