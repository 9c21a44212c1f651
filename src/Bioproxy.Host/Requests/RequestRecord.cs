namespace Bioproxy.Host.Requests;

/// <summary>A gated request that has ended. It holds no text of the prompt.</summary>
internal sealed record RequestRecord
{
    /// <summary>Counts up with every request; those of an earlier run have numbers up to 0.</summary>
    public long Number { get; set; }

    public required string Id { get; init; }

    /// <summary>When it arrived.</summary>
    public required DateTimeOffset At { get; init; }

    public required string Route { get; init; }
    public required string Lane { get; init; }

    /// <summary>See <see cref="ClientName"/>.</summary>
    public required string Client { get; init; }

    /// <summary>The backend it was sent to last; empty for none.</summary>
    public string Backend { get; init; } = "";

    /// <summary>The model it was sent to last; empty for none.</summary>
    public string Model { get; init; } = "";

    /// <summary>The trigger of the template that its prompt begins with; null for none.</summary>
    public string? Template { get; init; }

    /// <summary>Null where it is not known.</summary>
    public ConversationName? Conversation { get; init; }

    public required int Status { get; init; }

    /// <summary>The code of its failure; null for none.</summary>
    public string? Error { get; init; }

    /// <summary>The cache result; null where no backend has answered.</summary>
    public string? Result { get; init; }

    public bool IsStream { get; init; }

    /// <summary>Tokens as the backend reported them; null where it reported none.</summary>
    public int? CachedTokens { get; init; }

    public int? ComputedTokens { get; init; }
    public int? GeneratedTokens { get; init; }

    /// <summary>Seconds in the queue.</summary>
    public double Waited { get; init; }

    /// <summary>Seconds from its arrival to the first token; null where the answer came whole, or not at all.</summary>
    public double? FirstToken { get; init; }

    /// <summary>Seconds from its arrival to the end of its answer.</summary>
    public double Seconds { get; init; }

    /// <summary>Seconds that the reused tokens would have taken to compute, without those that restoring them took.</summary>
    public double Saved { get; init; }

    public int? PromptTokens => CachedTokens + ComputedTokens;
}
