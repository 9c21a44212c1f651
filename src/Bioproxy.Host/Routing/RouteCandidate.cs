using Bioproxy.Host.Models;

namespace Bioproxy.Host.Routing;

/// <summary>A place where a request could be served.</summary>
/// <param name="Model">The place.</param>
/// <param name="WaitSeconds">Expected wait in its queue.</param>
/// <param name="LoadSeconds">Expected time to load the model, and what others pay for the models that have to go for it.</param>
/// <param name="PromptSeconds">Expected time from there to the first token.</param>
/// <param name="EvictionSeconds">What others are expected to pay for what the prompt displaces, or what saving it first takes.</param>
internal readonly record struct RouteCandidate(
    ServedModel Model, double WaitSeconds, double LoadSeconds, double PromptSeconds, double EvictionSeconds)
{
    /// <summary>Its slots' work of the last minutes and of the next ones.</summary>
    public double BusySeconds { get; init; }

    /// <summary>It failed just now, or cannot be reached: it may be back, and there may be no other.</summary>
    public bool IsAway { get; init; }

    /// <summary>Its slots are seen: of a place without them only the requests say what it holds.</summary>
    public bool HasSlots { get; init; }

    /// <summary>It has no slots, and served the conversation's last turn.</summary>
    public bool HasConversation { get; init; }

    /// <summary>The difference from the best one is noise.</summary>
    public bool IsAsGoodAsBest { get; init; }

    public double Seconds => WaitSeconds + LoadSeconds + PromptSeconds + EvictionSeconds;
}
