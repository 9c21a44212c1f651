namespace Bioproxy.Host.Models;

/// <summary>What a request would meet at a model now, in seconds.</summary>
/// <param name="Wait">In its queue.</param>
/// <param name="Load">Until the model is loaded, and what others pay for the models that have to go for it.</param>
/// <param name="Prompt">From there to the first token.</param>
/// <param name="Eviction">What others are expected to pay for what the prompt displaces, or what saving it first takes.</param>
/// <param name="Busy">Its slots' work of the last minutes and of the next ones.</param>
internal readonly record struct RouteFigures(double Wait, double Load, double Prompt, double Eviction, double Busy)
{
    /// <summary>It failed just now, or cannot be reached.</summary>
    public bool IsAway { get; init; }

    /// <summary>Its slots are seen.</summary>
    public bool HasSlots { get; init; }
}
