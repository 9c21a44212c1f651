namespace Bioproxy.Fixtures.Life;

/// <summary>Which steps fail: <c>start</c>, <c>stop</c> or <c>dispose</c>.</summary>
internal sealed record LifeSettings
{
    /// <summary>The step that throws; none when it is empty.</summary>
    public string Fails { get; init; } = "";

    /// <summary>The step that never returns; none when it is empty. It leaves a file of its name in the data folder.</summary>
    public string Hangs { get; init; } = "";
}
