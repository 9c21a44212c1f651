using System.Globalization;
using System.Text;
using Bioproxy.Host.Models.Slots;

namespace Bioproxy.Host.Requests;

/// <summary>Waits for a turn in the queue, and keeps a stream's connection alive meanwhile.</summary>
internal sealed class TurnWaiter(SlotQueue queue, TimeSpan keepAlive, TimeProvider time)
{
    /// <summary>A client that asked for a stream gets, after a while, the headers of one and a comment now and then: proxies between would cut a
    /// silent connection. From then on a failure is told as an event.</summary>
    public ValueTask<QueueGrant> WaitAsync(Exchange exchange, QueueEntry entry, bool isStream, CancellationToken clientGone)
    {
        var turn = queue.AcquireAsync(entry, clientGone);
        return turn.IsCompleted || !isStream || keepAlive <= TimeSpan.Zero ? turn : WaitAsync(exchange, turn.AsTask(), clientGone);
    }

    private async ValueTask<QueueGrant> WaitAsync(Exchange exchange, Task<QueueGrant> turn, CancellationToken clientGone)
    {
        while (true)
        {
            try
            {
                return await turn.WaitAsync(keepAlive, time, CancellationToken.None).ConfigureAwait(false);
            }
            catch (TimeoutException) when (!turn.IsCompleted)
            {
                await CommentAsync(exchange, clientGone).ConfigureAwait(false);
            }
        }
    }

    private async Task CommentAsync(Exchange exchange, CancellationToken clientGone)
    {
        var response = exchange.Http.Response;
        if (!response.HasStarted)
        {
            response.StatusCode = exchange.Status = 200;
            response.ContentType = "text/event-stream";
            response.Headers.CacheControl = "no-cache";
            response.Headers["X-Accel-Buffering"] = "no";
            exchange.IsWaitingStream = true;
        }

        try
        {
            var comment = string.Create(CultureInfo.InvariantCulture, $": waiting for a slot, {time.GetElapsedTime(exchange.Started).TotalSeconds:0} s, {queue.View.UsersWaiting} wait\n\n");
            await response.Body.WriteAsync(Encoding.ASCII.GetBytes(comment), clientGone).ConfigureAwait(false);
        }
        catch (Exception e) when (e is OperationCanceledException or IOException)
        {
            // the client left: the queue notices by itself
        }
    }
}
