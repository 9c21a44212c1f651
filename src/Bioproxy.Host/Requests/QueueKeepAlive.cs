using System.Globalization;
using System.Text;
using Bioproxy.Host.Models.Slots;

namespace Bioproxy.Host.Requests;

/// <summary>Waits in the queue, and keeps the connection of a waiting stream alive.</summary>
/// <param name="interval">The longest silence on a stream; zero or less for any.</param>
/// <param name="time">The clock.</param>
internal sealed class QueueKeepAlive(TimeSpan interval, TimeProvider time)
{
    /// <summary>
    /// A client that asked for a stream gets, after a while, its headers and a comment now and then, because proxies in between cut silent
    /// connections. From then on a failure is written as an event.
    /// </summary>
    /// <exception cref="OperationCanceledException">The client left the queue.</exception>
    public ValueTask<QueueGrant> WaitAsync(
        Exchange exchange, SlotQueue queue, QueueEntry entry, bool isStream, CancellationToken clientGone)
    {
        var grant = queue.AcquireAsync(entry, clientGone);
        return grant.IsCompleted || !isStream || !exchange.Answer.NeedsKeepAlive || interval <= TimeSpan.Zero
            ? grant
            : WaitAsync(exchange, grant.AsTask(), () => queue.View.UsersWaiting, clientGone);
    }

    /// <summary>Waits for a grant that takes long. A lease that is granted is returned, or released.</summary>
    internal async ValueTask<QueueGrant> WaitAsync(
        Exchange exchange, Task<QueueGrant> grant, Func<int> waiting, CancellationToken clientGone)
    {
        try
        {
            // The grant may come at any moment, so only the grant itself says whether it has come: not a time-out that was thrown before.
            while (!grant.IsCompleted)
            {
                Task tick = ((Task)grant).WaitAsync(interval, time, CancellationToken.None);
                await tick.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                if (!grant.IsCompleted)
                    await CommentAsync(exchange, waiting(), clientGone).ConfigureAwait(false);
            }
        }
        catch
        {
            _ = ReleaseAsync(grant);
            throw;
        }

        return await grant.ConfigureAwait(false);
    }

    /// <summary>Nobody waits for the grant any more.</summary>
    private static async Task ReleaseAsync(Task<QueueGrant> grant)
    {
        await ((Task)grant).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (grant.IsCompletedSuccessfully)
            (await grant.ConfigureAwait(false)).Lease?.Release();
    }

    private async Task CommentAsync(Exchange exchange, int waiting, CancellationToken clientGone)
    {
        var answer = exchange.Answer;
        if (!answer.HasStarted)
        {
            answer.StatusCode = exchange.Status = 200;
            answer.Headers.ContentType = "text/event-stream";
            answer.Headers.CacheControl = "no-cache";
            answer.Headers["X-Accel-Buffering"] = "no";
            exchange.IsWaitingStream = true;
        }

        var seconds = time.GetElapsedTime(exchange.Started).TotalSeconds;
        var comment = string.Create(CultureInfo.InvariantCulture, $": waiting for a slot, {seconds:0} s, {waiting} wait\n\n");
        try
        {
            await answer.WriteAsync(Encoding.ASCII.GetBytes(comment), clientGone).ConfigureAwait(false);
        }
        catch (Exception e) when (e is OperationCanceledException or IOException)
        {
            // The client left; its token takes the request out of the queue.
        }
    }
}
