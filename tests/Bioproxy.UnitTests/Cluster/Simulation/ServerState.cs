namespace Bioproxy.UnitTests.Cluster.Simulation;

/// <summary>What a slot, or a file, really holds.</summary>
/// <param name="Text">The text whose tokens it holds, four characters each.</param>
/// <param name="Weights">The weights that computed it.</param>
/// <param name="Domain">Whose request computed it; null for nobody's.</param>
internal sealed record ServerState(string Text, int Weights, string? Domain)
{
    /// <summary>What computed it, for the text of a violation.</summary>
    public string About { get; init; } = "";

    public const int TokenLength = 4;

    public int Tokens => Text.Length / TokenLength;
}
