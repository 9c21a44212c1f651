namespace Bioproxy.IntegrationTests;

/// <summary>The collection of tests whose result depends on how quickly a server computes: nothing runs beside them.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class RunsAlone
{
    public const string Name = "runs alone";
}
