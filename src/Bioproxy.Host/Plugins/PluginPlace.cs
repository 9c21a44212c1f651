namespace Bioproxy.Host.Plugins;

/// <summary>What was found at one place of a plugin folder: what its files looked like, and the plugin that is in use.</summary>
internal sealed record PluginPlace(string Fingerprint, LoadedPlugin? Plugin, PluginStatus Status)
{
    /// <summary>In place of the fingerprint of files that are not loaded.</summary>
    public const string NotRead = "";

    /// <summary>Another plugin has its name.</summary>
    public bool IsDisabled { get; init; }

    public bool IsCalled(string name) => !IsDisabled && string.Equals(Status.Name, name, StringComparison.OrdinalIgnoreCase);
}
