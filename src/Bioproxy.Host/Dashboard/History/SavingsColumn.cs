namespace Bioproxy.Host.Dashboard.History;

/// <summary>A column of a chart.</summary>
/// <param name="At">Where it begins.</param>
/// <param name="Sum">Its sums.</param>
internal sealed record SavingsColumn(DateTimeOffset At, SavingsSum Sum);
