using System.Net;

namespace Bioproxy.Host.Http;

/// <summary>A request body sent piece by piece from where its bytes are. Can be sent again.</summary>
/// <param name="pieces">The pieces.</param>
/// <param name="length">Its exact length; null sends it in chunks.</param>
internal sealed class PiecesContent(IReadOnlyList<ReadOnlyMemory<byte>> pieces, long? length) : HttpContent
{
    protected override bool TryComputeLength(out long computed)
    {
        computed = length ?? 0;
        return length is not null;
    }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        foreach (var piece in pieces)
            await stream.WriteAsync(piece, cancellationToken).ConfigureAwait(false);
    }
}
