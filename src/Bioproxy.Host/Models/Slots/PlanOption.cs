namespace Bioproxy.Host.Models.Slots;

/// <summary>One way to serve a prompt.</summary>
/// <param name="Source">Where its prefix would come from.</param>
/// <param name="Slot">The slot; null leaves it to the server.</param>
/// <param name="Tokens">Tokens expected to be reused.</param>
/// <param name="Seconds">Expected time to the first token.</param>
/// <param name="EvictionCost">Seconds that others are expected to pay for what is displaced, or that saving it first takes.</param>
/// <param name="Bytes">What is read from disk.</param>
/// <param name="IsFromRam">The server's RAM cache is expected to have it.</param>
/// <param name="IsPartial">A state has to be rolled back to what it shares with the prompt.</param>
/// <param name="SaveFirst">What is displaced is worth saving first.</param>
internal readonly record struct PlanOption(
    PromptSource Source,
    int? Slot,
    double Tokens,
    double Seconds,
    double EvictionCost,
    long Bytes = 0,
    bool IsFromRam = false,
    bool IsPartial = false,
    bool SaveFirst = false)
{
    public double Cost => Seconds + EvictionCost;
}
