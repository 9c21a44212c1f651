namespace Bioproxy.Host.Dashboard.History;

/// <summary>A span of time that sums are shown for.</summary>
/// <param name="Name">As in the query.</param>
/// <param name="Length">How long it is; null for all there is.</param>
/// <param name="Step">Sums of one chart column, in <see cref="HistoryTables.Bucket"/>.</param>
internal sealed record SavingsWindow(string Name, TimeSpan? Length, int Step)
{
    private const int PerHour = 3600 / HistoryTables.Bucket;

    public static SavingsWindow Hour { get; } = new("hour", TimeSpan.FromHours(1), 1);

    public static SavingsWindow Day { get; } = new("day", TimeSpan.FromDays(1), PerHour);

    public static SavingsWindow All { get; } = new("all", null, 24 * PerHour);

    public static IReadOnlyList<SavingsWindow> Each { get; } = [Hour, Day, All];

    /// <summary>The day where the name is not known.</summary>
    public static SavingsWindow Of(string? name) => Each.FirstOrDefault(window => window.Name == name) ?? Day;

    /// <summary>The first bucket that counts.</summary>
    public long From(DateTimeOffset now) =>
        Length is { } length ? HistoryTables.BucketOf(now) - ((long)length.TotalSeconds / HistoryTables.Bucket) + 1 : 0;
}
