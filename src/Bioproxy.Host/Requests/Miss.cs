using Bioproxy.Host.Prompts;

namespace Bioproxy.Host.Requests;

/// <summary>A request that computed again what had been computed before.</summary>
internal sealed record Miss
{
    public required string Id { get; init; }
    public required DateTimeOffset At { get; init; }

    /// <summary>The client's program, by its User-Agent.</summary>
    public required string Client { get; init; }

    /// <summary>The hash of its API key; null for none.</summary>
    public required string? Domain { get; init; }

    /// <summary>See <see cref="ConversationKey"/>.</summary>
    public required string Conversation { get; init; }

    public required PromptDifference Difference { get; init; }

    /// <summary>Tokens computed that might have been reused.</summary>
    public required int LostTokens { get; init; }

    /// <summary>How long that took, at the learned prefill rate.</summary>
    public required double LostSeconds { get; init; }

    public required int PromptTokens { get; init; }
    public required int CachedTokens { get; init; }
}
