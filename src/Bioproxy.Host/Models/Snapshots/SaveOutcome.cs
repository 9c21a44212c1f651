namespace Bioproxy.Host.Models.Snapshots;

/// <summary>What came of a save.</summary>
/// <param name="Snapshot">The snapshot; null when there is none.</param>
/// <param name="Problem">Why there is none.</param>
/// <param name="IsContradicted">There is none because the server held something else than was believed.</param>
internal readonly record struct SaveOutcome(Snapshot? Snapshot, string? Problem, bool IsContradicted = false)
{
    public static SaveOutcome Failed(string problem) => new(null, problem);
}
