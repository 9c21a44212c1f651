using Bioproxy.Host.Backends;
using Bioproxy.Host.Configuration;
using Bioproxy.Host.Models;
using Bioproxy.Host.Prompts;

namespace Bioproxy.Host.Requests;

/// <summary>Records the placement of each request, and for a miss where the prompt differs from recent ones.</summary>
internal sealed class Explainer(ExplanationLog log, ProxyOptions options, TimeProvider time) : IDisposable
{
    private readonly RecentPrompts _recent = new();

    public void Explain(Exchange exchange, Placement placement, CanonicalPrompt? prompt, PromptTimings? timings, string result)
    {
        var plan = placement.Plan;
        log.Add(new Explanation
        {
            Id = exchange.Id,
            At = time.GetUtcNow(),
            Route = exchange.Route.Name,
            Lane = exchange.LaneName,
            Status = exchange.Status,
            Slot = placement.Slot,
            Chosen = placement.Work is null || plan.Considered is null ? null : plan.Chosen,
            Note = placement.Work is null ? "the backend's slots are not managed now"
                : plan.Considered is null ? "nothing of it may be reused" : null,
            Considered = plan.Considered ?? [],
            Candidates = exchange.Candidates.Count > 1 ? exchange.Candidates : [],
            Rules = exchange.Rules,
            WaitedSeconds = exchange.Waited.TotalSeconds,
            ExpectedTokens = placement.ExpectedTokens > 0 ? (int)placement.ExpectedTokens : null,
            Result = result,
            CachedTokens = timings?.CachedTokens,
            ComputedTokens = timings?.ComputedTokens,
            Difference = prompt is not null && result is "cold" or "ineffective" && timings?.ComputedTokens >= options.KvMinTokens
                ? _recent.Closest(prompt, options.ExplainExcerpts)
                : null,
        });
    }

    /// <summary>The request no longer needs its prompt: later prompts are compared with it.</summary>
    public void Keep(CanonicalPrompt prompt) => _recent.Keep(prompt);

    public void Dispose() => _recent.Dispose();
}
