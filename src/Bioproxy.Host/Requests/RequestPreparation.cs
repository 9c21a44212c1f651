using Bioproxy.Abstractions;
using Bioproxy.Host.Http;
using Bioproxy.Host.Models.Slots;
using Bioproxy.Host.Plugins;
using Bioproxy.Host.Prompts;

namespace Bioproxy.Host.Requests;

/// <summary>What the <see cref="RequestPath"/> makes of a body before it looks for a place: the prompt that plugins may edit, then the
/// request as it will be sent.</summary>
internal sealed class RequestPreparation(ConversationTracker conversations, TimeProvider time)
{
    /// <summary>Null when the route has no prompt, or the body none that can be read.</summary>
    public EditablePrompt? PromptOf(Exchange exchange, PooledBody body) =>
        exchange.Route.Prompt is { } endpoint && PromptBody.Read(body.Json, endpoint, exchange.Route.Form) is { } found
            ? new EditablePrompt(found, exchange.Id, isWarmUp: false, time.GetLocalNow())
            : null;

    public PreparedRequest Prepare(
        Exchange exchange,
        RequestHead head,
        PooledBody body,
        EditablePrompt? prompt,
        Caller caller,
        IReadOnlyList<PluginResponseTransform> responses)
    {
        exchange.Lane = caller.Lane == PromptLane.Batch ? Lane.Batch : Lane.Interactive;
        return new PreparedRequest(conversations)
        {
            Exchange = exchange,
            Head = head,
            Body = body,
            Prompt = prompt,
            Splices = prompt?.Splices() ?? [],
            Canonical = conversations.PromptOf(prompt, caller, exchange.Route.CanPin),
            SessionSource = caller.SessionSource,
            Client = caller.Client,
            Domain = caller.Domain,
            Responses = responses,
        };
    }
}
