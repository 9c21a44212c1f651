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

    /// <summary>The version of the contract it was built for, as in <c>1.1</c>; null when it is not known to use the contract.</summary>
    public string? Api { get; init; }

    public required PluginState State { get; init; }

    /// <summary>For example <c>transform: prefix-expander (order 0)</c> or <c>engine: *, .txt, .md</c>.</summary>
    public IReadOnlyList<string> Exports { get; init; } = [];

    /// <summary>The slash commands that ask for its parts, without the slash.</summary>
    public IReadOnlyList<string> Commands { get; init; } = [];

    /// <summary>Why it is not active, and the remedy. Of an active plugin: why a newer version that lies there is not used. Null when all is well.</summary>
    public string? Problem { get; init; }

    /// <summary>What is odd about it, though it works.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>Calls of its parts since it was loaded.</summary>
    public long Calls { get; init; }

    /// <summary>Calls that failed.</summary>
    public long Errors { get; init; }

    /// <summary>The newest failed call of one of its parts.</summary>
    public PluginError? LastError { get; init; }

    /// <summary>When it was loaded; null when it was not.</summary>
    public DateTimeOffset? LoadedAt { get; init; }
}
