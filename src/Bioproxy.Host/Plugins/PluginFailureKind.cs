namespace Bioproxy.Host.Plugins;

/// <summary>How a call of a plugin's part failed.</summary>
internal enum PluginFailureKind
{
    /// <summary>The plugin threw.</summary>
    Exception,

    /// <summary>The plugin was still running when its time budget was used up.</summary>
    Timeout,
}
