using System.Buffers;

namespace Bioproxy.Host.Http;

/// <summary>
/// Passes a backend's response body on: each read is one write, as it comes. What either side does to its connection is a value that says
/// whose fault an early end was; everything else is a bug, and is thrown. Each side has a time limit, which all progress resets.
/// </summary>
internal sealed class StreamCopier(TimeSpan backendLimit, TimeSpan clientLimit, TimeProvider time)
{
    private const int BufferSize = 16 * 1024;

    /// <param name="from">The backend's body.</param>
    /// <param name="to">Where the answer goes; headers are in place, sent with the first byte or before.</param>
    /// <param name="tap">Sees every read, behind the gate and before it is passed on; must be quick.</param>
    /// <param name="clientGone">The client's leaving.</param>
    /// <param name="gate">Stands before the client; null lets everything pass.</param>
    /// <param name="editor">Stands between the gate and the client, and changes what passes; null changes nothing.</param>
    public async Task<CopyEnd> CopyAsync(
        Stream from,
        IAnswerSink to,
        Action<ReadOnlyMemory<byte>> tap,
        CancellationToken clientGone,
        ResponseGate? gate = null,
        ResponseFilter? editor = null)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        using var limit = new CancellationTokenSource(Timeout.InfiniteTimeSpan, time);
        using var leaving = clientGone.UnsafeRegister(static source => ((CancellationTokenSource)source!).Cancel(), limit);
        var phase = CopyPhase.Reading;
        try
        {
            while (true)
            {
                phase = CopyPhase.Reading;
                limit.CancelAfter(backendLimit);
                var read = await from.ReadAsync(buffer, limit.Token).ConfigureAwait(false);
                phase = CopyPhase.Between;
                ReadOnlyMemory<byte> bytes = buffer.AsMemory(0, read);
                if (gate is not null)
                    bytes = read > 0 ? gate.Pass(bytes) : gate.End();
                if (read > 0)
                    tap(buffer.AsMemory(0, read));
                if (editor is not null)
                    bytes = Edited(editor, bytes, isEnd: read == 0, to);
                phase = CopyPhase.Writing;
                limit.CancelAfter(clientLimit);
                if (!bytes.IsEmpty)
                    await to.WriteAsync(bytes, limit.Token).ConfigureAwait(false);
                else if (gate is { AreHeadersDue: true } && !to.HasStarted)
                    await to.FlushAsync(limit.Token).ConfigureAwait(false);
                if (read == 0)
                    return CopyEnd.Complete;
            }
        }
        catch (Exception e) when (phase == CopyPhase.Reading && TransportFailure.Of(e, clientGone, limit.Token) is { } failure)
        {
            return failure.Fault switch
            {
                TransportFault.CallerLeft => CopyEnd.ClientGone,
                TransportFault.AnswerTimedOut => CopyEnd.BackendStalled,
                _ => CopyEnd.BackendBroke,
            };
        }
        catch (Exception e) when (phase == CopyPhase.Writing && e is OperationCanceledException or IOException)
        {
            return e is OperationCanceledException && limit.IsCancellationRequested && !clientGone.IsCancellationRequested
                ? CopyEnd.ClientStalled
                : CopyEnd.ClientGone;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static ReadOnlyMemory<byte> Edited(ResponseFilter editor, ReadOnlyMemory<byte> bytes, bool isEnd, IAnswerSink to)
    {
        ReadOnlyMemory<byte> edited = bytes.IsEmpty ? default : editor.Pass(bytes);
        if (!isEnd)
            return edited;
        byte[] first = edited.ToArray(); // it is valid until the next call only
        edited = editor.End();
        if (first.Length > 0)
            return (byte[])[.. first, .. edited.Span];
        if (!to.HasStarted)
            to.Headers.ContentLength = edited.Length; // nothing went out before: this is all of it
        return edited;
    }
}
