using Bioproxy.Host.Plugins;

namespace Bioproxy.Testing;

/// <summary>The status of a plugin, as <c>/status</c> on the admin port shows it.</summary>
public sealed record HarnessPlugin
{
    internal HarnessPlugin(PluginStatus status)
    {
        Name = status.Name;
        Version = status.Version;
        State = status.State.ToString();
        Problem = status.Problem;
        Exports = status.Exports;
        Calls = status.Calls;
        Errors = status.Errors;
        LastError = status.LastError is { } error ? $"{error.Export}: {error.Message}" : null;
    }

    /// <summary>Its name.</summary>
    public string Name { get; }

    /// <summary>Its version; null when it could not be read.</summary>
    public string? Version { get; }

    /// <summary><c>Active</c>, <c>Disabled</c>, <c>NotSupported</c>, <c>Faulted</c>, <c>Draining</c> or <c>UnloadPending</c>.</summary>
    public string State { get; }

    /// <summary>Whether it is in use.</summary>
    public bool IsActive => State == nameof(PluginState.Active);

    /// <summary>Why it is not active, and the remedy; null without a problem.</summary>
    public string? Problem { get; }

    /// <summary>What it exports, for example <c>transform: shout (order 0)</c>.</summary>
    public IReadOnlyList<string> Exports { get; }

    /// <summary>Calls of its parts since it was loaded.</summary>
    public long Calls { get; }

    /// <summary>Calls that failed.</summary>
    public long Errors { get; }

    /// <summary>The newest failed call, with the name of the part.</summary>
    public string? LastError { get; }
}
