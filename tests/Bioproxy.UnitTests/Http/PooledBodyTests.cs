using System.IO.Pipelines;
using Bioproxy.Doubles;
using Bioproxy.Host.Http;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Bioproxy.UnitTests.Http;

public sealed class PooledBodyTests
{
    private const long Limit = 10_000;

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
        var (body, failure) = await PooledBody.ReadAsync(Request(new MemoryStream(Bytes(length)), declared), Limit, default).DefaultTimeout();

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
            var reading = PooledBody.ReadAsync(Request(pipe.Reader), Limit, default).DefaultTimeout();
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
        var reading = PooledBody.ReadAsync(Request(pipe.Reader), Limit, leaving.Token).DefaultTimeout();
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
    }

    private static async Task<PooledBody?> ReadAsync(byte[] bytes, long? declared)
    {
        var (body, failure) = await PooledBody.ReadAsync(Request(new MemoryStream(bytes), declared), Limit, default).DefaultTimeout();
        Assert.Null(failure);
        return body;
    }

    private static HttpRequest Request(Stream body, long? length)
    {
        var request = new DefaultHttpContext().Request;
        request.Body = body;
        request.ContentLength = length;
        return request;
    }

    private static HttpRequest Request(PipeReader reader)
    {
        var http = new DefaultHttpContext();
        http.Features.Set<IRequestBodyPipeFeature>(new PipeBody(reader));
        return http.Request;
    }

    private static byte[] Bytes(int length)
    {
        var bytes = new byte[length];
        new Random(length).NextBytes(bytes);
        return bytes;
    }

    private sealed class PipeBody(PipeReader reader) : IRequestBodyPipeFeature
    {
        public PipeReader Reader { get; } = reader;
    }

    private static class FailureKindName
    {
        public const string ClientGone = nameof(FailureKind.ClientGone);
        public const string ClientBodyBroken = nameof(FailureKind.ClientBodyBroken);
    }
}
