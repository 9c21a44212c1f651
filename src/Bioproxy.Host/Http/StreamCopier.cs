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
    /// <param name="tap">Sees every read before it is passed on; must be quick.</param>
    /// <param name="time">The clock of the limits.</param>
    /// <param name="clientGone">The client's leaving.</param>
    public async Task<CopyEnd> CopyAsync(Stream from, HttpResponse to, Action<ReadOnlyMemory<byte>> tap, TimeProvider time, CancellationToken clientGone)
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
                if (read == 0)
                    return CopyEnd.Complete;
                tap(buffer.AsMemory(0, read));
                isReading = false;
                limit.CancelAfter(clientLimit);
                await to.Body.WriteAsync(buffer.AsMemory(0, read), limit.Token).ConfigureAwait(false);
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
}
