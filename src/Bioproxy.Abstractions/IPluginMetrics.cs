namespace Bioproxy.Abstractions;

/// <summary>A plugin's own metrics, labelled <c>plugin</c>. They end with the plugin. Safe from any thread.</summary>
public interface IPluginMetrics
{
    /// <summary>A counter; on <c>/metrics</c> as <c>bioproxy_plugin_custom_&lt;name&gt;_total</c>.</summary>
    /// <param name="name">Lower-case letters, digits and underscores.</param>
    /// <param name="description">What is counted.</param>
    /// <returns>The counter; the same one for the same name.</returns>
    IPluginCounter Counter(string name, string description);

    /// <summary>A histogram; on <c>/metrics</c> as <c>bioproxy_plugin_custom_&lt;name&gt;</c>, with buckets for seconds.</summary>
    /// <param name="name">Lower-case letters, digits and underscores, with its unit at the end (<c>_seconds</c>).</param>
    /// <param name="description">What is measured.</param>
    /// <returns>The histogram; the same one for the same name.</returns>
    IPluginHistogram Histogram(string name, string description);
}
