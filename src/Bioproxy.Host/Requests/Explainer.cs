using Bioproxy.Host.Backends;
using Bioproxy.Host.Configuration;
using Bioproxy.Host.Models;
using Bioproxy.Host.Prompts;

namespace Bioproxy.Host.Requests;

/// <summary>Records the placement of each request, and for a miss where the prompt differs from recent ones and what that cost.</summary>
internal sealed class Explainer(ExplanationLog log, RecentPrompts recent, LiveOptions options, TimeProvider time)
{
    /// <param name="asked">The request.</param>
    /// <param name="placement">Where it went.</param>
    /// <param name="timings">What the backend reported; null when it reported nothing.</param>
    /// <param name="result">The cache result.</param>
    /// <param name="prefill">Prompt tokens that its model computes per second.</param>
    public Explanation Explain(PreparedRequest asked, Placement placement, PromptTimings? timings, string result, double prefill)
    {
        var (exchange, plan) = (asked.Exchange, placement.Plan);
        var conversation = asked.Canonical is { } named ? ConversationName.Of(named) : (ConversationName?)null;
        var lost = LostBy(asked, placement, timings);
        var explanation = new Explanation
        {
            Id = exchange.Id,
            At = time.GetUtcNow(),
            Route = exchange.Route.Name,
            Lane = exchange.LaneName,
            Status = exchange.Status,
            Slot = placement.Slot,
            Chosen = !placement.IsManaged || plan.Considered is null ? null : plan.Chosen,
            Note = !placement.IsManaged ? "the backend's slots are not managed now"
                : plan.Considered is null ? "nothing of it may be reused" : null,
            Considered = plan.Considered ?? [],
            Candidates = exchange.Candidates.Count > 1 ? exchange.Candidates : [],
            Rules = exchange.Rules,
            WaitedSeconds = exchange.Waited.TotalSeconds,
            ExpectedTokens = placement.ExpectedTokens > 0 ? (int)placement.ExpectedTokens : null,
            Result = result,
            CachedTokens = timings?.CachedTokens,
            ComputedTokens = timings?.ComputedTokens,
            Conversation = conversation,
            ConversationSource = conversation is null ? null : asked.SessionSource ?? ConversationKey.FirstMessages,
            Side = asked.Canonical?.Side ?? SideKind.None,
            LostTokens = lost?.Tokens,
            LostSeconds = lost?.Tokens / prefill,
            Difference = lost?.Difference
                ?? (asked.Canonical is { } prompt && result is "cold" or "ineffective"
                    && timings?.ComputedTokens >= options.Current.KvMinTokens
                    ? recent.Closest(prompt, options.Current.ExplainExcerpts)
                    : null),
        };
        log.Add(explanation);
        if (lost is { } prefix)
            log.Misses.Add(MissOf(asked, timings!, prefix, conversation.ToString()!, prefix.Tokens / prefill));
        return explanation;
    }

    /// <summary>Only a request that computed much is compared, so that hits cost nothing. One that asked for no reuse lost
    /// nothing.</summary>
    private LostPrefix? LostBy(PreparedRequest asked, Placement placement, PromptTimings? timings)
    {
        if (asked.Canonical is not { } prompt || timings is null)
            return null;
        prompt.Tokens = timings.PromptTokens;
        return timings.ComputedTokens < options.Current.KvMinTokens || asked.HasOtherExplanation(placement)
            ? null
            : recent.LostBy(
                prompt, timings.CachedTokens, timings.PromptTokens, options.Current.KvMinTokens, options.Current.ExplainExcerpts);
    }

    private Miss MissOf(PreparedRequest asked, PromptTimings timings, LostPrefix lost, string conversation, double seconds) => new()
    {
        Id = asked.Exchange.Id,
        At = time.GetUtcNow(),
        Client = ClientName.Of(asked.Head.Headers.UserAgent.ToString()),
        Domain = asked.Domain,
        Conversation = conversation,
        Difference = lost.Difference,
        LostTokens = lost.Tokens,
        LostSeconds = seconds,
        PromptTokens = timings.PromptTokens,
        CachedTokens = timings.CachedTokens,
    };
}
