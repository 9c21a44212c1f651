using Bioproxy.Abstractions;
using Bioproxy.Cluster.Messages;
using Bioproxy.Host.Backends;
using Bioproxy.Host.Json;
using Bioproxy.Host.Models;
using Bioproxy.Host.Models.Slots;
using Bioproxy.Host.Prompts;

namespace Bioproxy.Host.Cluster;

/// <summary>Placements and outcomes as messages between proxies.</summary>
internal static class PlacementMessages
{
    /// <param name="placement">The placement.</param>
    /// <param name="prompt">The prompt, where it was compared with others here.</param>
    public static PlacementMessage Of(Placement placement, CanonicalPrompt? prompt = null)
    {
        var plan = placement.Plan;
        return new PlacementMessage
        {
            IsManaged = placement.IsManaged,
            Pin = placement.Slot,
            Slot = plan.Slot,
            Source = (int)plan.Source,
            SharedBytes = plan.Shared,
            ForbidsReuse = placement.ForbidsReuse,
            ExpectedTokens = placement.ExpectedTokens,
            IsExpectedInRam = plan.IsExpectedInRam,
            IsPartial = plan.IsPartial,
            Options = plan.Considered is { } considered
                ? [MessageOf(plan.Chosen), .. considered.Where(option => option != plan.Chosen).Select(MessageOf)]
                : null,
            NewPreamble = placement.NewPreamble,
            Side = (int?)prompt?.Side,
        };
    }

    /// <summary>The prompt is told what it is.</summary>
    public static Placement Read(PlacementMessage message, CanonicalPrompt? prompt)
    {
        if (prompt is not null && message.Side is { } side)
            prompt.Side = (SideKind)side;
        var options = message.Options?.Select(OptionOf).ToArray();
        var plan = new SlotPlan((PromptSource)message.Source, message.Slot, message.SharedBytes, message.IsExpectedInRam)
        {
            IsPartial = message.IsPartial,
            IsUnpinned = message.Pin is null && message.Slot is not null,
            Considered = options,
            Chosen = options is [var chosen, ..] ? chosen : default,
        };
        return new Placement
        {
            IsRemote = message.IsManaged,
            Plan = plan,
            ForbidsReuse = message.ForbidsReuse,
            ExpectedTokens = message.ExpectedTokens,
            Content = prompt is null ? null : new SlotContent(prompt.Chain, 1, IsSaved: false),
            NewPreamble = message.NewPreamble,
        };
    }

    public static TurnOutcome Of(in WorkOutcome outcome) => new()
    {
        IsComplete = outcome.IsComplete,
        IsStreaming = outcome.IsStreaming,
        Coverage = outcome.Coverage,
        Slot = outcome.Slot,
        HasOtherExplanation = outcome.HasOtherExplanation,
        Timings = outcome.Timings is { } timings
            ? new TimingsMessage(timings.CachedTokens, timings.ComputedTokens, timings.GeneratedTokens, timings.PrefillSeconds)
            : null,
        Preamble = outcome.Preamble is { } cut
            ? new PreambleMessage
            {
                Body = cut.Body,
                Endpoint = (int)cut.Endpoint,
                Token = (cut.Token.Start, cut.Token.Length),
                Kept = cut.Kept,
                Text = cut.Text,
            }
            : null,
    };

    public static WorkOutcome Read(TurnOutcome message) => new(
        message.IsComplete,
        message.IsStreaming,
        message.Timings is { } timings
            ? new PromptTimings(timings.CachedTokens, timings.ComputedTokens, timings.GeneratedTokens)
            {
                PrefillSeconds = timings.PrefillSeconds,
            }
            : null,
        message.Coverage,
        message.Slot)
    {
        HasOtherExplanation = message.HasOtherExplanation,
        Preamble = message.Preamble is { } cut
            ? new PromptCut(
                cut.Body, (PromptEndpoint)cut.Endpoint, new JsonRange(cut.Token.Start, cut.Token.Length), cut.Kept, cut.Text)
            : null,
    };

    private static OptionMessage MessageOf(PlanOption option) => new(
        (int)option.Source,
        option.Slot,
        option.Tokens,
        option.Seconds,
        option.EvictionCost,
        option.Bytes,
        option.IsFromRam,
        option.IsPartial,
        option.SaveFirst);

    private static PlanOption OptionOf(OptionMessage option) => new(
        (PromptSource)option.Source,
        option.Slot,
        option.Tokens,
        option.Seconds,
        option.EvictionCost,
        option.Bytes,
        option.IsFromRam,
        option.IsPartial,
        option.SaveFirst);
}
