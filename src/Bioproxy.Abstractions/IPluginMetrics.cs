namespace Bioproxy.Abstractions;

/// <summary>A plugin's own metrics. They carry the label <c>plugin</c> and end with the plugin. Safe from any thread.</summary>
public interface IPluginMetrics
{
    /// <summary>A number that only grows; on <c>/metrics</c> as <c>bioproxy_plugin_custom_&lt;name&gt;_total</c>.</summary>
    /// <param name="name">Lower-case letters, digits and underscores.</param>
    /// <param name="description">What is counted.</param>
    /// <returns>The counter; the same one for the same name.</returns>
    IPluginCounter Counter(string name, string description);

    /// <summary>A distribution of values; on <c>/metrics</c> as <c>bioproxy_plugin_custom_&lt;name&gt;</c>, in buckets that fit seconds.</summary>
    /// <param name="name">Lower-case letters, digits and underscores, with its unit at the end (<c>_seconds</c>).</param>
    /// <param name="description">What is measured.</param>
    /// <returns>The histogram; the same one for the same name.</returns>
    IPluginHistogram Histogram(string name, string description);
}
