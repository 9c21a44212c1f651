namespace Bioproxy.Host.Plugins;

/// <summary>The state of a plugin that was found.</summary>
internal enum PluginState
{
    /// <summary>Loaded; its exports are in use.</summary>
    Active,

    /// <summary>Not loaded because another plugin has its name.</summary>
    Disabled,

    /// <summary>Built for another version of the contract.</summary>
    NotSupported,

    /// <summary>It could not be loaded; the status says why.</summary>
    Faulted,

    /// <summary>Replaced or removed; requests that began with it still use it.</summary>
    Draining,

    /// <summary>Replaced or removed and no longer in use, but still referenced and therefore in memory.</summary>
    UnloadPending,
}
