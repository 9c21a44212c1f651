namespace Bioproxy.Host.Admin;

/// <summary>A slot at one moment.</summary>
/// <param name="Id">Its number.</param>
/// <param name="IsBusy">Whether it is processing.</param>
/// <param name="Holding">What it holds.</param>
/// <param name="Tokens">Prompt tokens, as reported by the server; null when unknown.</param>
/// <param name="IsSaved">A snapshot holds all of its content.</param>
internal sealed record SlotSummary(int Id, bool IsBusy, SlotHolding Holding, int? Tokens, bool IsSaved)
{
    /// <summary>The client's name for the conversation; null when it gave none.</summary>
    public string? Conversation { get; init; }

    /// <summary>Turns of the conversation; 0 for what is not one.</summary>
    public int Turns { get; init; }
}
