using System.IO.Pipelines;
using System.Net;
using Bioproxy.Host.Configuration;
using Microsoft.AspNetCore.Http;

namespace Bioproxy.Host.Http;

/// <summary>Passes a client's request body on as it arrives, with the length that the client announced. Cannot be sent twice.</summary>
internal sealed class ClientBodyContent(HttpRequest request, ProxyOptions options, TimeProvider time) : HttpContent
{
    /// <summary>Why the client's body did not arrive whole; null when it did, or when the failure is not the client's.</summary>
    public ProxyFailure? Failure { get; private set; }

    protected override bool TryComputeLength(out long length)
    {
        length = request.ContentLength ?? 0;
        return request.Headers.TransferEncoding.Count == 0 && request.ContentLength is not null;
    }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        var reader = request.BodyReader;
        using var pause = new ReadPause(reader, options.RequestBodyTimeout, time);
        while (true)
        {
            var reading = reader.ReadAsync(cancellationToken);
            if (!reading.IsCompleted && options.RequestBodyTimeout > TimeSpan.Zero)
                pause.Begin();
            ReadResult read;
            try
            {
                read = await reading.ConfigureAwait(false);
            }
            catch (Exception e) when (e is not OperationCanceledException && BodyReader.FailureOf(e) is { } failure)
            {
                Failure = failure;
                throw;
            }

            if (pause.End(read))
            {
                reader.AdvanceTo(read.Buffer.End);
                Failure = BodyReader.Paused(options.RequestBodyTimeout);
                throw new IOException(Failure.Message);
            }

            foreach (var piece in read.Buffer)
                await stream.WriteAsync(piece, cancellationToken).ConfigureAwait(false);
            reader.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted)
                return;
        }
    }
}
