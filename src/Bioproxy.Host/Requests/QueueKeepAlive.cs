using System.Globalization;
using System.Text;
using Bioproxy.Abstractions;
using Bioproxy.Host.Backends;
using Bioproxy.Host.Http;
using Bioproxy.Host.Models;
using Bioproxy.Host.Models.Slots;

namespace Bioproxy.Host.Requests;

/// <summary>Waits until a model is loaded, for a turn in its queue, or for a prompt to be computed, and keeps the connection of a waiting
/// stream alive.</summary>
/// <param name="interval">The longest silence on a stream; zero or less for any.</param>
/// <param name="time">The clock.</param>
internal sealed class QueueKeepAlive(TimeSpan interval, TimeProvider time)
{
    /// <summary>Clients of <c>/v1/messages</c> know this event, and their SDKs skip it wherever it comes.</summary>
    private const string Ping = "event: ping\ndata: {\"type\": \"ping\"}\n\n";

    /// <summary>Waits until the model may be used and is loaded. While that lasts, the stream is kept alive as in the queue.</summary>
    /// <exception cref="OperationCanceledException">The client left.</exception>
    public ValueTask<(SwapPass? Pass, ProxyFailure? Failure)> EnterAsync(
        Exchange exchange, ServedModel model, bool isStream, CancellationToken clientGone)
    {
        var entering = model.EnterLoadedAsync(clientGone);
        return entering.IsCompleted || !IsKeptAlive(exchange, isStream)
            ? entering
            : WaitAsync(exchange, entering.AsTask(), () => model.Waiting, static entered => entered.Pass?.Dispose(), clientGone);
    }

    /// <summary>
    /// Waits in the queue. A client that asked for a stream gets, after a while, its headers and a comment now and then, because proxies in
    /// between cut silent connections. From then on a failure is written as an event.
    /// </summary>
    /// <exception cref="OperationCanceledException">The client left the queue.</exception>
    public ValueTask<QueueGrant> WaitAsync(
        Exchange exchange, SlotQueue queue, ValueTask<QueueGrant> grant, bool isStream, CancellationToken clientGone) =>
        grant.IsCompleted || !IsKeptAlive(exchange, isStream)
            ? grant
            : WaitAsync(
                exchange, grant.AsTask(), () => $"waiting for a slot, {queue.View.UsersWaiting} wait", Release, clientGone);

    /// <summary>Waits for the headers of an answer. On <c>/v1/messages</c> and <c>/v1/responses</c> they come when the prompt has been
    /// computed; elsewhere the server sends progress, or the client counts the bytes.</summary>
    /// <exception cref="OperationCanceledException">The client left.</exception>
    public ValueTask<(HttpResponseMessage? Response, ProxyFailure? Failure)> AnswerAsync(
        Exchange exchange,
        ValueTask<(HttpResponseMessage? Response, ProxyFailure? Failure)> sending,
        bool isStream,
        CancellationToken clientGone) =>
        sending.IsCompleted || !IsKeptAlive(exchange, isStream)
            || exchange.Route.Prompt is not (PromptEndpoint.Messages or PromptEndpoint.Responses)
            ? sending
            : WaitAsync(exchange, sending.AsTask(), () => "computing the prompt", static sent => sent.Response?.Dispose(), clientGone);

    /// <summary>Waits for something that takes long.</summary>
    /// <param name="exchange">The request.</param>
    /// <param name="wait">What it waits for.</param>
    /// <param name="what">What it waits for now, for people.</param>
    /// <param name="release">Gives back what comes after this wait has failed.</param>
    /// <param name="clientGone">The client's leaving.</param>
    internal async ValueTask<T> WaitAsync<T>(
        Exchange exchange, Task<T> wait, Func<string> what, Action<T> release, CancellationToken clientGone)
    {
        try
        {
            // The result may come at any moment, so only the task itself says whether it has come: not a time-out that was thrown before.
            while (!wait.IsCompleted)
            {
                Task tick = ((Task)wait).WaitAsync(interval, time, CancellationToken.None);
                await tick.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                if (!wait.IsCompleted)
                    await SignalAsync(exchange, what(), clientGone).ConfigureAwait(false);
            }
        }
        catch
        {
            _ = ReleaseAsync(wait, release);
            throw;
        }

        return await wait.ConfigureAwait(false);
    }

    internal static void Release(QueueGrant grant) => grant.Lease?.Release();

    /// <summary>The request does not wait any more.</summary>
    private static async Task ReleaseAsync<T>(Task<T> wait, Action<T> release)
    {
        await ((Task)wait).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (wait.IsCompletedSuccessfully)
            release(await wait.ConfigureAwait(false));
    }

    private bool IsKeptAlive(Exchange exchange, bool isStream) =>
        isStream && exchange.Answer.NeedsKeepAlive && interval > TimeSpan.Zero;

    private async Task SignalAsync(Exchange exchange, string what, CancellationToken clientGone)
    {
        var answer = exchange.Answer;
        var isFirst = !exchange.IsWaitingStream;
        if (!answer.HasStarted)
        {
            answer.StatusCode = exchange.Status = 200;
            answer.Headers.ContentType = "text/event-stream";
            answer.Headers.CacheControl = "no-cache";
            answer.Headers["X-Accel-Buffering"] = "no";
            exchange.IsWaitingStream = true;
        }

        try
        {
            var events = exchange.Route.Prompt switch
            {
                PromptEndpoint.Messages => Ping,
                PromptEndpoint.Responses => WaitingResponse.Events(exchange.Id, time.GetUtcNow(), isFirst),
                _ => string.Empty,
            };
            await answer.WriteAsync(Encoding.UTF8.GetBytes(Comment(exchange, what) + events), clientGone).ConfigureAwait(false);
        }
        catch (Exception e) when (e is OperationCanceledException or IOException)
        {
            // The client left; its token ends what the request waits for.
        }
    }

    /// <summary>One line, which no empty line follows: that would end an event, and some SDKs fail on one without data.</summary>
    private string Comment(Exchange exchange, string what)
    {
        var seconds = time.GetElapsedTime(exchange.Started).TotalSeconds;
        return string.Create(CultureInfo.InvariantCulture, $": {what.ReplaceLineEndings(" ")} ({seconds:0} s)\n");
    }
}
