namespace Bioproxy.Host.Backends;

/// <summary>A model in the list of its server.</summary>
/// <param name="Name">What the server calls it.</param>
/// <param name="Status">Whether it is loaded.</param>
internal sealed record ListedModel(string Name, ListedStatus Status)
{
    /// <summary>Other names that the server accepts.</summary>
    public IReadOnlyList<string> Aliases { get; init; } = [];
}
