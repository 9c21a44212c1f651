namespace Bioproxy.Host.Dashboard.History;

/// <summary>What was saved within a span of time.</summary>
internal sealed record SavingsReport
{
    public required SavingsWindow Window { get; init; }

    /// <summary>Seconds saved by the name of the window, for every window.</summary>
    public required IReadOnlyDictionary<string, double> Saved { get; init; }

    /// <summary>When the first request was recorded; null before any.</summary>
    public required DateTimeOffset? Since { get; init; }

    public required SavingsGroup Total { get; init; }
    public required IReadOnlyList<SavingsGroup> Results { get; init; }
    public required IReadOnlyList<SavingsGroup> Models { get; init; }
    public required IReadOnlyList<SavingsGroup> Templates { get; init; }

    /// <summary>Seconds of one column.</summary>
    public required int ColumnSeconds { get; init; }

    public required IReadOnlyList<SavingsColumn> Columns { get; init; }
}
