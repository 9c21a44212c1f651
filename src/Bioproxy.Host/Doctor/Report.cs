namespace Bioproxy.Host.Doctor;

/// <summary>What the measurements mean: a line for each check, and what to change.</summary>
internal sealed record Report(IReadOnlyList<Finding> Findings, IReadOnlyList<string> Changes)
{
    /// <summary>Something does not work, could not be measured, or cannot be reached.</summary>
    public const int Broken = 1;

    /// <summary>It works, and a change would bring something.</summary>
    public const int Improvable = 3;

    public int ExitCode => Findings.Any(finding => finding.Verdict == Verdict.Bad) ? Broken : Changes.Count > 0 ? Improvable : 0;

    public void WriteTo(TextWriter writer)
    {
        var width = Findings.Max(finding => finding.What.Length);
        foreach (var finding in Findings)
            writer.WriteLine($"{Word(finding.Verdict),-4}  {finding.What.PadRight(width)}  {finding.Text}");
        writer.WriteLine();
        if (Changes.Count == 0)
        {
            writer.WriteLine(ExitCode == 0 ? "Nothing to change." : "Nothing else to change.");
            return;
        }

        writer.WriteLine("What to change:");
        for (var i = 0; i < Changes.Count; i++)
            writer.WriteLine($"{i + 1}. {Changes[i]}");
        writer.WriteLine("Then ask the doctor again: one change can bring another to light.");
    }

    private static string Word(Verdict verdict) => verdict switch
    {
        Verdict.Ok => "ok",
        Verdict.Slow => "slow",
        Verdict.Bad => "bad",
        _ => "info",
    };
}
