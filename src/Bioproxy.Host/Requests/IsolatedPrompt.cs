using System.Text;
using System.Text.Json.Nodes;
using Bioproxy.Abstractions;
using Bioproxy.Host.Backends;
using Bioproxy.Host.Http;
using Bioproxy.Host.Models;
using Bioproxy.Host.Models.Slots;
using Bioproxy.Host.Protocols.Chat;

namespace Bioproxy.Host.Requests;

/// <summary>
/// Keeps API keys apart on <c>/v1/messages</c>. There llama-server takes neither a slot nor <c>cache_prompt: false</c> from a request: it
/// takes the free slot that shares most with the prompt, whoever computed that. So where another key's state may be in reach, the prompt
/// is computed first, by a request that the server does not let reuse anything foreign; the slot that holds all of it is then the one
/// that shares most. What the answer says of cached tokens is therefore the same whatever others have asked before. Prompts with pictures
/// are computed as a chat, because no tokens describe a picture.
/// </summary>
internal static class IsolatedPrompt
{
    private static readonly ProxyFailure Unclear = new(
        FailureKind.ClientBodyInvalid,
        "Several API keys are in use, and this prompt cannot be computed apart from theirs: a member is there twice, or is not of the type "
        + "that it has in the Messages API.");

    /// <summary>Sends a request, after computing its prompt where that is necessary.</summary>
    public static async ValueTask<(HttpResponseMessage? Response, ProxyFailure? Failure)> SendAsync(
        PreparedRequest asked, ServedModel model, Placement placement, CancellationToken clientGone)
    {
        asked.Exchange.Isolated = null;
        if (placement.ForbidsReuse && asked.Prompt?.Source.Endpoint == PromptEndpoint.Messages)
        {
            if (ChatForm.Of(asked.EditedBody(), PromptEndpoint.Messages) is not { } chat)
                return (null, Unclear);
            var api = placement.Relay?.Api ?? model.Current.Api;
            var computed = await ComputeAsync(chat, api, placement.Plan, clientGone).ConfigureAwait(false);
            if (computed is { Value: null, Status: 0 or 200 })
                return (null, FailureOf(computed));
            asked.Exchange.Isolated = computed.Value; // none: the server refuses the prompt, and says so to the request itself
        }

        var head = asked.Head with { Span = asked.Exchange.Trace?.Span, Turn = placement.Relay?.Turn };
        return await model.Sender.SendAsync(head, asked.Content, isRepeatable: true, clientGone).ConfigureAwait(false);
    }

    private static async Task<BackendAnswer<EvaluationResult>> ComputeAsync(
        JsonObject chat, ISlotApi api, SlotPlan plan, CancellationToken clientGone)
    {
        // Of this key, and prepared: only that slot is looked at.
        var isOwn = plan is { Slot: not null, Source: not PromptSource.Cold };
        var slot = isOwn ? plan.Slot : null;
        if (ChatForm.HasPictures(chat))
        {
            chat.Remove("tool_choice"); // the answer, a token at most, need not be a call
            return await api.EvaluateChatAsync(chat, slot, mayReuse: isOwn, clientGone).ConfigureAwait(false);
        }

        var rendered = await api.ApplyTemplateAsync(Encoding.UTF8.GetBytes(chat.ToJsonString()), clientGone).ConfigureAwait(false);
        if (rendered.Value is not { } prompt)
            return rendered.As<EvaluationResult>();
        var tokenized = await api.TokenizeAsync(prompt, clientGone).ConfigureAwait(false);
        if (tokenized.Value is not { } tokens)
            return tokenized.As<EvaluationResult>();
        return await api.EvaluateAsync(tokens, slot, mayReuse: isOwn, static (_, _, _) => { }, clientGone).ConfigureAwait(false);
    }

    /// <summary>No whole answer came: whether the prompt has been computed is not known, nor what the server would reuse.</summary>
    private static ProxyFailure FailureOf(in BackendAnswer<EvaluationResult> computed) => new(
        computed.IsSilent ? FailureKind.BackendTimedOut
            : computed.Fault is null or TransportFault.Closed ? FailureKind.BackendClosed
            : FailureKind.BackendUnreachable,
        $"The prompt could not be computed apart from those of other API keys: {computed.Problem}");
}
