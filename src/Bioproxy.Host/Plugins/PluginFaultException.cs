namespace Bioproxy.Host.Plugins;

/// <summary>A step of loading that failed for a known reason; it becomes the plugin's status.</summary>
internal sealed class PluginFaultException(PluginState state, string problem, Exception? cause = null) : Exception(problem, cause)
{
    public PluginState State { get; } = state;

    public static PluginFaultException Faulted(string problem, Exception? cause = null) => new(PluginState.Faulted, problem, cause);
}
