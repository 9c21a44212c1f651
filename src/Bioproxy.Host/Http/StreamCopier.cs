using System.Buffers;
using Microsoft.AspNetCore.Http;

namespace Bioproxy.Host.Http;

/// <summary>
/// Passes a backend's response body on: each read is one write, as it comes. Never throws for what either side does; tells whose
/// fault an early end was. Each side has a limit on doing nothing, which every progress resets.
/// </summary>
internal sealed class StreamCopier(TimeSpan backendLimit, TimeSpan clientLimit)
{
    private const int BufferSize = 16 * 1024;

    /// <param name="from">The backend's body.</param>
    /// <param name="to">The client's response; headers are in place, sent with the first byte or before.</param>
    /// <param name="tap">Sees every read, behind the gate and before it is passed on; must be quick.</param>
    /// <param name="time">The clock of the limits.</param>
    /// <param name="clientGone">The client's leaving.</param>
    /// <param name="gate">Stands before the client; null lets everything pass.</param>
    /// <param name="editor">Stands between the gate and the client, and changes what passes; null changes nothing. What it throws is the caller's.</param>
    public async Task<CopyEnd> CopyAsync(Stream from, HttpResponse to, Action<ReadOnlyMemory<byte>> tap, TimeProvider time, CancellationToken clientGone, ResponseGate? gate = null, ResponseFilter? editor = null)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        using var limit = new CancellationTokenSource(Timeout.InfiniteTimeSpan, time);
        using var leaving = clientGone.UnsafeRegister(static source => ((CancellationTokenSource)source!).Cancel(), limit);
        var isReading = true;
        try
        {
            while (true)
            {
                isReading = true;
                limit.CancelAfter(backendLimit);
                var read = await from.ReadAsync(buffer, limit.Token).ConfigureAwait(false);
                ReadOnlyMemory<byte> bytes = buffer.AsMemory(0, read);
                if (gate is not null)
                    bytes = read > 0 ? gate.Pass(bytes) : gate.End();
                if (read > 0)
                    tap(buffer.AsMemory(0, read));
                if (editor is not null)
                    bytes = Edited(editor, bytes, isEnd: read == 0, to);
                isReading = false;
                limit.CancelAfter(clientLimit);
                if (!bytes.IsEmpty)
                    await to.Body.WriteAsync(bytes, limit.Token).ConfigureAwait(false);
                else if (gate is { AreHeadersDue: true } && !to.HasStarted)
                    await to.Body.FlushAsync(limit.Token).ConfigureAwait(false);
                if (read == 0)
                    return CopyEnd.Complete;
            }
        }
        catch (OperationCanceledException) when (clientGone.IsCancellationRequested)
        {
            return CopyEnd.ClientGone;
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested)
        {
            return isReading ? CopyEnd.BackendStalled : CopyEnd.ClientStalled;
        }
        catch (Exception e) when (e is IOException or HttpRequestException or OperationCanceledException or InvalidOperationException)
        {
            return clientGone.IsCancellationRequested || !isReading ? CopyEnd.ClientGone : CopyEnd.BackendBroke;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static ReadOnlyMemory<byte> Edited(ResponseFilter editor, ReadOnlyMemory<byte> bytes, bool isEnd, HttpResponse to)
    {
        ReadOnlyMemory<byte> edited = bytes.IsEmpty ? default : editor.Pass(bytes);
        if (!isEnd)
            return edited;
        byte[] first = edited.ToArray(); // it is valid until the next call only
        edited = editor.End();
        if (first.Length > 0)
            return (byte[])[.. first, .. edited.Span];
        if (!to.HasStarted)
            to.ContentLength = edited.Length; // nothing went out before: this is all of it
        return edited;
    }
}
