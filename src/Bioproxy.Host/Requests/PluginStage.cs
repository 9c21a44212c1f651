using Bioproxy.Abstractions;
using Bioproxy.Host.Http;
using Bioproxy.Host.Plugins;
using Bioproxy.Host.Prompts;
using Bioproxy.Host.Transforms;

namespace Bioproxy.Host.Requests;

/// <summary>What plugins do with a request: slash commands choose them, transforms edit the prompt, a handler may answer it.</summary>
/// <param name="manager">The plugins.</param>
/// <param name="transforms">Runs the transforms; its fence holds for response transforms, too.</param>
/// <param name="handlers">The fence around handlers; disposed with this.</param>
/// <param name="failures">Writes failures.</param>
/// <param name="report">Log and metrics.</param>
internal sealed class PluginStage(
    PluginManager manager, TransformChain transforms, PluginFence handlers, FailureResponse failures, RequestReport report) : IDisposable
{
    /// <summary>Holds the current generation of plugins for a request.</summary>
    public PluginPin Pin() => new(manager.Pin());

    /// <param name="request">The request.</param>
    /// <param name="plugins">The generation that the request holds.</param>
    /// <param name="caller">Asks the backend for handlers.</param>
    /// <param name="clientGone">The client's leaving.</param>
    public async ValueTask<PluginStageResult> RunAsync(
        StageRequest request, PluginSet plugins, BackendCaller caller, CancellationToken clientGone)
    {
        var context = request.Prompt.Context;
        var chosen = SlashCommands.Take(context, plugins) ? SlashCommands.TransformsOf(context, plugins) : plugins.Transforms;
        var isAnswered = await TransformAsync(request, chosen, clientGone).ConfigureAwait(false);
        if (isAnswered is not null)
            return isAnswered.Value;
        request.Exchange.Rules = context.Notes;
        if (request.Exchange.Route.IsGated && plugins.Observers.Count > 0 && plugins.TryPin())
            request.Exchange.Recording = new AnswerRecording(new PluginPin(plugins), context);
        var responses = SlashCommands.ResponsesOf(context, plugins);
        return request.Exchange.Route.IsGated && SlashCommands.HandlersOf(context, plugins) is { Count: > 0 } chosenHandlers
            ? await HandleAsync(request, chosenHandlers, responses, caller, clientGone).ConfigureAwait(false)
            : new PluginStageResult(null, false, responses);
    }

    /// <summary>The response transforms at work on an answer; null where there are none.</summary>
    public (ResponseFilter? Editor, ResponseEdits? Edits) EditorOf(
        EditablePrompt? prompt, IReadOnlyList<PluginResponseTransform> responses, bool isStream)
    {
        if (prompt is null || responses.Count == 0)
            return default;
        var edits = new ResponseEdits(responses, new ResponseContext(prompt.Context, isStream), transforms.Fence);
        return (isStream ? new StreamEditor(edits) : new WholeEditor(edits), edits);
    }

    /// <summary>Shows a complete answer to the plugins that look at such: before the settlement, which may save, because the client's next
    /// request must find it done. A plugin that fails is logged and counted; one that hangs does not keep the slot.</summary>
    public async ValueTask ObserveAsync(Exchange exchange, SlotTurn turn)
    {
        using var recording = exchange.Recording;
        if (recording?.Read() is not { } answer)
            return;
        await transforms.Fence
            .RunHereAsync(recording.Observers, Call, async _ => await turn.EndAsync().ConfigureAwait(false), CancellationToken.None)
            .ConfigureAwait(false);

        ValueTask Call(PluginAnswerObserver observer, CancellationToken stop)
        {
            observer.Observe(answer);
            return default;
        }
    }

    public void Dispose() => handlers.Dispose();

    /// <summary>A plugin's failure as the client sees it.</summary>
    public static ProxyFailure FailureOf(PluginFailure failure) =>
        new(failure.Kind == PluginFailureKind.Timeout ? FailureKind.PluginTimedOut : FailureKind.PluginFailed, failure.Message);

    /// <returns>Null when the request continues.</returns>
    private async ValueTask<PluginStageResult?> TransformAsync(
        StageRequest request, IReadOnlyList<PluginTransform> chosen, CancellationToken clientGone)
    {
        if (chosen.Count == 0)
            return null;
        try
        {
            var answer = request.AnswerBlockedAsync(failures, report);
            var result = await transforms.RunHereAsync(chosen, request.Prompt.Context, answer, clientGone).ConfigureAwait(false);
            if (result.Succeeded)
                return null;
            if (result.Failure is not { Kind: PluginFailureKind.Exception })
                request.Body.Abandon(); // the plugin may still be reading it
            return result.IsAnswered ? PluginStageResult.Answered : PluginStageResult.Failed(FailureOf(result.Failure!));
        }
        catch (OperationCanceledException)
        {
            request.Body.Abandon();
            throw;
        }
    }

    private async Task<PluginStageResult> HandleAsync(
        StageRequest request,
        IReadOnlyList<PluginHandler> chosen,
        IReadOnlyList<PluginResponseTransform> responses,
        BackendCaller caller,
        CancellationToken clientGone)
    {
        var (editor, edits) = EditorOf(request.Prompt, responses, request.Prompt.Source.IsStream);
        using var owned = editor;
        var run = new HandlerRun(request, editor, caller, handlers);
        foreach (var handler in chosen)
        {
            var (isAnswered, failure) = await run.TryAsync(handler, edits?.Hung, clientGone).ConfigureAwait(false);
            if (failure is not null)
            {
                request.Body.Abandon(); // the plugin may still be reading it
                return PluginStageResult.Failed(failure);
            }

            if (!isAnswered)
                continue;
            report.Handled(request.Exchange, handler);
            return PluginStageResult.Answered;
        }

        return new PluginStageResult(null, false, responses);
    }
}
