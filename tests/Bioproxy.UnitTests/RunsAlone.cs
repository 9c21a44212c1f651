namespace Bioproxy.UnitTests;

/// <summary>The collection of tests that need the thread pool for themselves: nothing runs beside them.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class RunsAlone
{
    public const string Name = "runs alone";
}
