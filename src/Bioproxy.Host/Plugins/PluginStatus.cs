namespace Bioproxy.Host.Plugins;

/// <summary>What a person needs to know about one plugin that was found, loaded or not.</summary>
internal sealed record PluginStatus
{
    /// <summary>The name of its folder, or of its file without <c>.dll</c>.</summary>
    public required string Name { get; init; }

    /// <summary>Its folder, or its file when it is a single DLL.</summary>
    public required string Path { get; init; }

    /// <summary>The main assembly's version; null when it could not be read.</summary>
    public string? Version { get; init; }

    public required PluginState State { get; init; }

    /// <summary>For example <c>transform: prefix-expander (order 0)</c> or <c>engine: *, .txt, .md</c>.</summary>
    public IReadOnlyList<string> Exports { get; init; } = [];

    /// <summary>Why it is not active, and the remedy; null when it is.</summary>
    public string? Problem { get; init; }

    /// <summary>What is odd about it, though it works.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>The newest failed call of one of its transforms.</summary>
    public PluginError? LastError { get; init; }
}
