namespace Bioproxy.Fixtures.Life;

/// <summary>The step that fails: <c>start</c>, <c>stop</c> or <c>dispose</c>; none when it is empty.</summary>
internal sealed record LifeSettings
{
    public string Fails { get; init; } = "";
}
