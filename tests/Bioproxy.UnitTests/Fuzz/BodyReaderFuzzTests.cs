using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using Bioproxy.Doubles;
using Bioproxy.Host.Configuration;
using Bioproxy.Host.Http;
using Bioproxy.UnitTests.Http;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;

namespace Bioproxy.UnitTests.Fuzz;

/// <summary>What arrives of a body, and what its client says of it.</summary>
public sealed class BodyReaderFuzzTests
{
    private const int Limit = 2000;

    private static readonly FailureKind[] Refusals =
    [
        FailureKind.ClientBodyTooLarge, FailureKind.ClientBodyEncoded, FailureKind.ClientBodyBroken, FailureKind.ClientGone,
    ];

    private static readonly byte[][] Seeds =
    [
        .. new[] { "", "identity", "gzip", "IDENTITY, identity", "br;q=1" }.Select(encoding => Encoding.UTF8.GetBytes(
            $$"""{{encoding}}|{"messages":[{"role":"user","content":"{{new string('q', encoding.Length * 300)}}"}]}""")),
    ];

    [Fact]
    public void Read_AnyBodyAndEncoding_IsAllThatCameOrARefusal()
    {
        var random = new Random(6);
        var read = 0;
        var options = new ProxyOptions { BaseDirectory = "/", StateDirectory = "/", MaxBodyBytes = Limit, MaxQueuedBytes = 1 << 20 };
        var reader = new BodyReader(options, TimeProvider.System);
        FuzzRun.Bytes(Seeds, ["|", "identity", "gzip", ",", new string('x', Limit)], bytes =>
        {
            var end = Math.Max(0, bytes.AsSpan().IndexOf((byte)'|'));
            var encoding = Encoding.Latin1.GetString(bytes, 0, end);
            var sent = bytes[end..];
            Exception? broken = random.Next(8) switch
            {
                0 => new IOException(),
                1 => new BadHttpRequestException("cut"),
                2 => new ConnectionResetException("reset"),
                _ => null,
            };
            var request = PipeBody.Request(Arriving(sent, broken, random));
            request.Headers.ContentEncoding = encoding.Split(',');
            request.ContentLength = random.Next(3) == 0 ? null : random.Next(2 * Limit);

            var (body, failure) = reader.ReadAsync(request, CancellationToken.None).AsTask().GetAwaiter().GetResult();

            Assert.NotEqual(body is null, failure is null);
            if (body is not null)
            {
                read++;
                Assert.Null(broken);
                Assert.Equal(sent, body.Memory.ToArray());
                Assert.InRange(sent.Length, 0, Limit);
                Assert.DoesNotContain("gzip", encoding, StringComparison.OrdinalIgnoreCase);
                body.Dispose();
            }
            else
            {
                Assert.Contains(failure!.Kind, Refusals);
            }

            Assert.Equal(0, reader.Budget.Used);
        });
        Assert.InRange(read, FuzzRun.Count / 20, FuzzRun.Count);
    }

    /// <summary>A body that has come in pieces, and what ended it.</summary>
    private static PipeReader Arriving(byte[] sent, Exception? broken, Random random)
    {
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 0, minimumSegmentSize: 16));
        for (var at = 0; at < sent.Length;)
        {
            var piece = sent.AsSpan(at, Math.Min(random.Next(1, 1000), sent.Length - at));
            pipe.Writer.Write(piece);
            at += piece.Length;
        }

        pipe.Writer.Complete(broken);
        return pipe.Reader;
    }
}
