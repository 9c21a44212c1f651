using System.Text;
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
/// that shares most. What the answer says of cached tokens is therefore the same whatever others have asked before.
/// </summary>
internal static class IsolatedPrompt
{
    /// <summary>Sends a request, after computing its prompt where that is necessary.</summary>
    public static async ValueTask<(HttpResponseMessage? Response, ProxyFailure? Failure)> SendAsync(
        PreparedRequest asked, ServedModel model, Placement placement, CancellationToken clientGone)
    {
        asked.Exchange.Isolated = placement.ForbidsReuse && asked.Prompt?.Source.Endpoint == PromptEndpoint.Messages
            ? await ComputeAsync(asked.EditedBody(), model.Current.Api, placement.Plan, clientGone).ConfigureAwait(false)
            : null;
        return await model.Sender.SendAsync(asked.Head, asked.Content, isRepeatable: true, clientGone).ConfigureAwait(false);
    }

    /// <returns>What was computed; null where the prompt cannot be rendered or the server refuses it, and says so to the request itself.
    /// </returns>
    private static async Task<EvaluationResult?> ComputeAsync(byte[] body, ISlotApi api, SlotPlan plan, CancellationToken clientGone)
    {
        if (ChatForm.Of(body, PromptEndpoint.Messages) is not { } chat)
            return null;
        var rendered = await api.ApplyTemplateAsync(Encoding.UTF8.GetBytes(chat.ToJsonString()), clientGone).ConfigureAwait(false);
        if (rendered.Value is not { } prompt
            || (await api.TokenizeAsync(prompt, clientGone).ConfigureAwait(false)).Value is not { Length: > 0 } tokens)
            return null;
        var isOwn = plan is { Slot: not null, Source: not PromptSource.Cold }; // of this key, and prepared: only that slot is looked at
        var evaluated = await api
            .EvaluateAsync(tokens, isOwn ? plan.Slot : null, mayReuse: isOwn, static (_, _, _) => { }, clientGone)
            .ConfigureAwait(false);
        return evaluated.Value;
    }
}
