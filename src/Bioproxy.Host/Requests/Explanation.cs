using System.Collections.ObjectModel;
using Bioproxy.Host.Models.Slots;
using Bioproxy.Host.Prompts;
using Bioproxy.Host.Routing;

namespace Bioproxy.Host.Requests;

/// <summary>Why a request went where it went, and what came of it.</summary>
internal sealed record Explanation
{
    public required string Id { get; init; }
    public required DateTimeOffset At { get; init; }
    public required string Route { get; init; }
    public required string Lane { get; init; }
    public required int Status { get; init; }

    /// <summary>The decision; null where there was none to make, which <see cref="Note"/> then tells.</summary>
    public required PlanOption? Chosen { get; init; }

    public string? Note { get; init; }

    /// <summary>What was compared, the decision among it.</summary>
    public IReadOnlyList<PlanOption> Considered { get; init; } = [];

    /// <summary>The places that could have served it, the best first; empty where there was one.</summary>
    public IReadOnlyList<RouteCandidate> Candidates { get; init; } = [];

    /// <summary>What plugins noted about the prompt: how often by rule.</summary>
    public IReadOnlyDictionary<string, int> Rules { get; init; } = ReadOnlyDictionary<string, int>.Empty;

    public int? Slot { get; init; }
    public double WaitedSeconds { get; init; }

    /// <summary>Tokens expected to be reused; null when nothing was known.</summary>
    public int? ExpectedTokens { get; init; }

    /// <summary>hot, ram, restored, cold or ineffective.</summary>
    public required string Result { get; init; }

    public int? CachedTokens { get; init; }
    public int? ComputedTokens { get; init; }

    /// <summary>Null where the prompt is not compared with others.</summary>
    public ConversationName? Conversation { get; init; }

    /// <summary>The header or member that named the conversation, or <see cref="ConversationKey.FirstMessages"/>.</summary>
    public string? ConversationSource { get; init; }

    /// <summary>What the request was beside a conversation.</summary>
    public SideKind Side { get; init; }

    /// <summary>Tokens that had been computed before and were computed again; null when none of note were.</summary>
    public int? LostTokens { get; init; }

    public double? LostSeconds { get; init; }

    /// <summary>For a miss: where the prompt stops being like the closest known one.</summary>
    public PromptDifference? Difference { get; init; }
}
