namespace Bioproxy.Host.Doctor;

/// <summary>What the measurements mean.</summary>
/// <param name="Findings">One for each check.</param>
/// <param name="Changes">What to change, one sentence or more each.</param>
internal sealed record Report(IReadOnlyList<Finding> Findings, IReadOnlyList<string> Changes)
{
    /// <summary>Something does not work, could not be measured, or cannot be reached.</summary>
    public const int Broken = 1;

    /// <summary>Everything works, but a change would make it better.</summary>
    public const int Improvable = 3;

    /// <summary>Something was tried. Otherwise there is nothing to say about changes.</summary>
    public bool IsMeasured { get; init; } = true;

    public int ExitCode => Findings.Any(finding => finding.Verdict == Verdict.Bad) ? Broken : Changes.Count > 0 ? Improvable : 0;
}
