namespace Bioproxy.UnitTests.Cluster.Simulation;

/// <summary>A client's request as the server gets it, and what the simulation knows of it.</summary>
/// <param name="Text">Its prompt.</param>
/// <param name="Domain">Whose it is.</param>
/// <param name="Pin">The slot that it names.</param>
/// <param name="MayReuse">The server may continue from what it holds.</param>
/// <param name="Owner">The activation of the server's owner that placed it; null where none did.</param>
internal sealed record ServerRequest(string Text, string? Domain, int? Pin, bool MayReuse, Guid? Owner)
{
    /// <summary>How it was placed, for the text of a violation.</summary>
    public string About { get; init; } = "";

    /// <summary>Its client waits for it, and its owner knows that.</summary>
    public bool IsHeld { get; set; } = true;
}
