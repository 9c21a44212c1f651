using Bioproxy.Abstractions;
using Bioproxy.Host.Http;
using Bioproxy.Host.Json;
using Bioproxy.Host.Plugins;

namespace Bioproxy.Host.Requests;

/// <summary>Offers a request to handlers, fenced: a handler that throws, blocks or never ends costs its request and nothing else.</summary>
/// <param name="request">The request.</param>
/// <param name="editor">What edits the answer; null for nothing.</param>
/// <param name="caller">Asks the backend.</param>
/// <param name="fence">Its budget holds for one handler's whole answer.</param>
internal sealed class HandlerRun(StageRequest request, ResponseFilter? editor, BackendCaller caller, PluginFence fence)
{
    private readonly UsageMeter _usage = new(WantsUsage(request.Body.Json.Span));
    private readonly byte[] _body = new SplicedBody(request.Body.Json, request.Prompt.Splices()).ToArray();

    /// <summary>Offers it to one handler.</summary>
    /// <param name="handler">The handler.</param>
    /// <param name="hung">Completes when a response transform does not return; null for none.</param>
    /// <param name="clientGone">The client's leaving.</param>
    /// <returns>Whether it answered; or how it failed, after which the prompt must not be read any more.</returns>
    public async Task<(bool IsAnswered, ProxyFailure? Failure)> TryAsync(
        PluginHandler handler, Task<PluginFailure>? hung, CancellationToken clientGone)
    {
        var call = Call();
        var result = await fence.RunAsync([handler], (part, stop) => AnswerAsync(part, call, stop), hung, clientGone).ConfigureAwait(false);
        call.End();
        if (result.Succeeded)
            return (call.IsAnswered, null);
        request.Exchange.IsWaitingStream = request.Prompt.Source.IsStream; // the failure becomes an event where the stream has begun
        if (!call.TryTakeBack())
            request.Exchange.Answer.Abort();
        return result.ClientLeft
            ? (false, new ProxyFailure(FailureKind.ClientGone, "The client left."))
            : (false, PluginStage.FailureOf(result.Failure!));
    }

    private HandledRequest Call()
    {
        var source = request.Prompt.Source;
        var isNative = request.Exchange.Route.Name == "completion";
        var created = fence.Time.GetUtcNow().ToUnixTimeSeconds();
        var shape = new ReplyShape(source.Endpoint, isNative, request.Exchange.Id, source.Model ?? "", created);
        var reply = new ReplyWriter(request.Exchange, shape, source.IsStream, _usage, editor);
        return new HandledRequest(request.Path, request.Prompt, _body, reply, AskAsync);
    }

    private Task<BackendAnswer> AskAsync(BackendQuestion question, CancellationToken cancellationToken) =>
        caller.AskAsync(question, request.Http, request.Prompt.Context.Lane, cancellationToken, _usage);

    private static bool WantsUsage(ReadOnlySpan<byte> body) =>
        JsonMembers.Find(body, "stream_options") is { } options
        && JsonMembers.Find(options.Of(body), "include_usage") is { } wanted
        && wanted.Of(options.Of(body)).SequenceEqual("true"u8);

    private static async ValueTask AnswerAsync(PluginHandler handler, HandledRequest call, CancellationToken stop)
    {
        call.Stop = stop;
        if (await handler.HandleAsync(call, stop).ConfigureAwait(false))
            await call.CompleteAsync(stop).ConfigureAwait(false);
        else if (call.HasWritten)
            throw new InvalidOperationException("it wrote a part of an answer and then left the request");
    }
}
