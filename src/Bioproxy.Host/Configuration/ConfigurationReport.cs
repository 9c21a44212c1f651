namespace Bioproxy.Host.Configuration;

/// <summary>What became of a change of the configuration file.</summary>
/// <param name="At">When it was read; null as long as there was none.</param>
/// <param name="Mistakes">Why it is not used; empty when it is.</param>
/// <param name="NeedRestart">The keys that have another value in the file than in the running proxy.</param>
internal sealed record ConfigurationReport(DateTimeOffset? At, IReadOnlyList<string> Mistakes, IReadOnlyList<string> NeedRestart)
{
    public static ConfigurationReport Unchanged { get; } = new(null, [], []);
}
