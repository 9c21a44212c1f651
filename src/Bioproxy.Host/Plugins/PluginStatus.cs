namespace Bioproxy.Host.Plugins;

/// <summary>Everything that is shown about one plugin that was found, loaded or not.</summary>
internal sealed record PluginStatus
{
    /// <summary>The name of its folder, or of its file without <c>.dll</c>.</summary>
    public required string Name { get; init; }

    /// <summary>Its folder, or its file when it is a single DLL.</summary>
    public required string Path { get; init; }

    /// <summary>The main assembly's version; null when it could not be read.</summary>
    public string? Version { get; init; }

    /// <summary>The version of the contract it was built for, as in <c>1.1</c>; null when it does not use the contract.</summary>
    public string? Api { get; init; }

    public required PluginState State { get; init; }

    /// <summary>For example <c>transform: prefix-expander (order 0)</c> or <c>engine: *, .txt, .md</c>.</summary>
    public IReadOnlyList<string> Exports { get; init; } = [];

    /// <summary>The slash commands that invoke its parts, without the slash.</summary>
    public IReadOnlyList<string> Commands { get; init; } = [];

    /// <summary>The file extensions its template engines render.</summary>
    public IReadOnlyList<string> Extensions { get; init; } = [];

    /// <summary>
    /// Why it is not active, and the remedy. For an active plugin: why the files there now are not used. Null when there is no problem.
    /// </summary>
    public string? Problem { get; init; }

    /// <summary>Oddities that do not keep it from working.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>Calls of its parts since it was loaded.</summary>
    public long Calls { get; init; }

    /// <summary>Calls that failed.</summary>
    public long Errors { get; init; }

    /// <summary>The newest failed call of one of its parts.</summary>
    public PluginError? LastError { get; init; }

    /// <summary>When it was loaded; null when it could not be.</summary>
    public DateTimeOffset? LoadedAt { get; init; }
}
