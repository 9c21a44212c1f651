using System.IO.Pipelines;
using Bioproxy.Doubles;
using Bioproxy.Host.Configuration;
using Bioproxy.Host.Http;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;

namespace Bioproxy.UnitTests.Http;

public sealed class BodyReaderTests
{
    private const long Limit = 10_000;
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(60);

    private readonly TestClock _time = new();
    private readonly BodyReader _reader;

    public BodyReaderTests() => _reader = Reader();

    [Theory]
    [InlineData(0, true)]
    [InlineData(0, false)]
    [InlineData(1, true)]
    [InlineData(9_999, false)]
    [InlineData(10_000, true)]
    [InlineData(10_000, false)]
    public async Task Read_WithinTheLimit_IsTheWholeBody(int length, bool declared)
    {
        var bytes = Bytes(length);

        using var body = await ReadAsync(bytes, declared ? length : null);

        Assert.Equal(bytes, body!.Memory.ToArray());
    }

    [Theory]
    [InlineData(10_001, 10_001L)]
    [InlineData(10_001, null)]
    [InlineData(0, 10_001L)]
    [InlineData(500_000, null)]
    [InlineData(10_001, 5L)]
    public async Task Read_BeyondTheLimit_IsTooLarge(int length, long? declared)
    {
        var (body, failure) = await _reader.ReadAsync(Request(new MemoryStream(Bytes(length)), declared), default).DefaultTimeout();

        Assert.Null(body);
        Assert.Equal((FailureKind.ClientBodyTooLarge, 413), (failure!.Kind, failure.Status));
        Assert.Contains("limits.max_body_bytes", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Read_InPieces_IsTheWholeBody()
    {
        var random = new Random(2);
        for (var round = 0; round < 50; round++)
        {
            var bytes = Bytes(random.Next(0, (int)Limit));
            var pipe = new Pipe();
            var reading = _reader.ReadAsync(PipeBody.Request(pipe.Reader), default).DefaultTimeout();
            for (var at = 0; at < bytes.Length;)
            {
                var length = Math.Min(random.Next(1, 3000), bytes.Length - at);
                await pipe.Writer.WriteAsync(bytes.AsMemory(at, length)).DefaultTimeout();
                at += length;
            }

            await pipe.Writer.CompleteAsync();
            var (body, _) = await reading;
            Assert.Equal(bytes, body!.Memory.ToArray());
            body.Dispose();
        }
    }

    [Theory]
    [InlineData("reset", FailureKindName.ClientGone)]
    [InlineData("io", FailureKindName.ClientGone)]
    [InlineData("timeout", FailureKindName.ClientGone)]
    [InlineData("bad", FailureKindName.ClientBodyBroken)]
    [InlineData("cancelled", FailureKindName.ClientGone)]
    public async Task Read_BreaksOff_IsAFailureOfTheClient(string how, string expected)
    {
        var pipe = new Pipe();
        using var leaving = new CancellationTokenSource();
        var reading = _reader.ReadAsync(PipeBody.Request(pipe.Reader), leaving.Token).DefaultTimeout();
        await pipe.Writer.WriteAsync(Bytes(100)).DefaultTimeout();
        if (how == "cancelled")
        {
            await leaving.CancelAsync();
        }
        else
        {
            await pipe.Writer.CompleteAsync(how switch
            {
                "reset" => new ConnectionResetException("test"),
                "io" => new IOException("test"),
                "timeout" => new BadHttpRequestException("test", 408),
                _ => new BadHttpRequestException("test", 400),
            });
        }

        var (body, failure) = await reading;
        Assert.Null(body);
        Assert.Equal(expected, failure!.Kind.ToString());
    }

    [Fact]
    public async Task Memory_AfterDisposal_IsGone()
    {
        var body = await ReadAsync(Bytes(10), null);
        body!.Dispose();
        body.Dispose();

        Assert.Throws<ObjectDisposedException>(() => body.Memory);
        Assert.Equal(0, _reader.Budget.Used);
    }

    [Theory]
    [InlineData(0, true, false)]
    [InlineData(9_000, true, false)]
    [InlineData(9_000, false, true)]
    public async Task Budget_AfterDisposal_HasItsBytesBack(int length, bool declared, bool abandoned)
    {
        var body = await ReadAsync(Bytes(length), declared ? length : null);
        Assert.InRange(_reader.Budget.Used, length, 4 * length);
        if (abandoned)
            body!.Abandon();

        body!.Dispose();
        body.Dispose();

        Assert.Equal(0, _reader.Budget.Used);
    }

    /// <summary>A client's word alone costs nothing.</summary>
    [Fact]
    public async Task Budget_LengthIsOnlyAnnounced_NothingIsTaken()
    {
        var reader = Reader(o => o with { MaxBodyBytes = 50 << 20 });
        var pipe = new Pipe();
        var request = PipeBody.Request(pipe.Reader);
        request.ContentLength = 50 << 20;

        var reading = reader.ReadAsync(request, default).DefaultTimeout();
        Assert.Equal(0, reader.Budget.Used);
        await pipe.Writer.WriteAsync(Bytes(100)).DefaultTimeout();
        await Eventually.TrueAsync(() => reader.Budget.Used > 0, TimeSpan.FromSeconds(5), "the bytes were read");

        Assert.InRange(reader.Budget.Used, 100, 64 * 1024);
        await pipe.Writer.CompleteAsync(new IOException("test"));
        await reading;
        Assert.Equal(0, reader.Budget.Used);
    }

    [Theory]
    [InlineData(9_000L, 20_000)]
    [InlineData(null, 36_000)] // grows to 32 KiB
    public async Task Read_MemoryIsUsedUp_IsRefusedUntilItIsFree(long? declared, long limit)
    {
        var reader = Reader(o => o with { MaxQueuedBytes = limit });
        var (first, _) = await reader.ReadAsync(Request(new MemoryStream(Bytes(9_000)), declared), default).DefaultTimeout();

        var (second, failure) = await reader.ReadAsync(Request(new MemoryStream(Bytes(9_000)), declared), default).DefaultTimeout();

        Assert.Null(second);
        Assert.Equal((503, "memory_full", true), (failure!.Status, failure.Code, failure.RetryAfter > TimeSpan.Zero));
        Assert.Contains("limits.max_queued_bytes", failure.Message, StringComparison.Ordinal);
        first!.Dispose();
        Assert.Equal(0, reader.Budget.Used);
        var (third, _) = await reader.ReadAsync(Request(new MemoryStream(Bytes(9_000)), declared), default).DefaultTimeout();
        Assert.NotNull(third);
        third.Dispose();
    }

    [Fact]
    public async Task Read_ClientPauses_EveryByteGivesItTheWholeLimitAgain()
    {
        var pipe = new Pipe();
        var reading = _reader.ReadAsync(PipeBody.Request(pipe.Reader), default).DefaultTimeout();
        for (var i = 0; i < 3; i++)
        {
            await _time.WhenTimersAsync(1).DefaultTimeout();
            _time.Advance(Pause - TimeSpan.FromTicks(1));
            await pipe.Writer.WriteAsync(Bytes(10)).DefaultTimeout();
            await Eventually.TrueAsync(() => _time.UntilNext == Pause, TimeSpan.FromSeconds(5), "it reads again");
        }

        Assert.False(reading.IsCompleted);
        _time.Advance(Pause);

        var (body, failure) = await reading;
        Assert.Null(body);
        Assert.Equal((408, "request_timeout"), (failure!.Status, failure.Code));
        Assert.Contains("timeouts.request_body_seconds", failure.Message, StringComparison.Ordinal);
        Assert.Equal((0, 0L), (_time.ActiveTimers, _reader.Budget.Used));
    }

    [Fact]
    public async Task Read_WithoutALimitOnPauses_Waits()
    {
        var pipe = new Pipe();
        var reader = Reader(o => o with { RequestBodyTimeout = TimeSpan.Zero });
        var reading = reader.ReadAsync(PipeBody.Request(pipe.Reader), default).DefaultTimeout();
        await pipe.Writer.WriteAsync(Bytes(10)).DefaultTimeout();

        Assert.Equal(0, _time.ActiveTimers);
        await pipe.Writer.CompleteAsync();
        var (body, _) = await reading;
        Assert.Equal(10, body!.Length);
        body.Dispose();
    }

    private async Task<PooledBody?> ReadAsync(byte[] bytes, long? declared)
    {
        var (body, failure) = await _reader.ReadAsync(Request(new MemoryStream(bytes), declared), default).DefaultTimeout();
        Assert.Null(failure);
        return body;
    }

    private BodyReader Reader(Func<ProxyOptions, ProxyOptions>? change = null)
    {
        var options = new ProxyOptions { BaseDirectory = "/", StateDirectory = "/", MaxBodyBytes = Limit, RequestBodyTimeout = Pause };
        return new BodyReader(change?.Invoke(options) ?? options, _time);
    }

    private static HttpRequest Request(Stream body, long? length)
    {
        var request = new DefaultHttpContext().Request;
        request.Body = body;
        request.ContentLength = length;
        return request;
    }

    private static byte[] Bytes(int length)
    {
        var bytes = new byte[length];
        new Random(length).NextBytes(bytes);
        return bytes;
    }

    private static class FailureKindName
    {
        public const string ClientGone = nameof(FailureKind.ClientGone);
        public const string ClientBodyBroken = nameof(FailureKind.ClientBodyBroken);
    }
}
