using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Text.RegularExpressions;
using Bioproxy.Abstractions;
using Bioproxy.Host.Telemetry;

namespace Bioproxy.Host.Plugins;

/// <summary>A plugin's own metrics. The instruments belong to the host; the plugin's wrappers do nothing after it was unloaded.</summary>
internal sealed partial class PluginMetrics(string plugin, ProxyMetrics metrics) : IPluginMetrics
{
    private readonly ConcurrentDictionary<string, object> _known = new(StringComparer.Ordinal);
    private readonly KeyValuePair<string, object?> _label = new("plugin", plugin);
    private volatile bool _isCut;

    public IPluginCounter Counter(string name, string description) => Get<IPluginCounter>(
        name, () => new PluginCounter(this, metrics.PluginCounter($"bioproxy_plugin_custom_{name}_total", description)));

    public IPluginHistogram Histogram(string name, string description) => name.EndsWith("_total", StringComparison.Ordinal)
        ? throw new ArgumentException($"'{name}' is not a valid histogram name: names of counters end with _total.", nameof(name))
        : Get<IPluginHistogram>(
            name, () => new PluginHistogram(this, metrics.PluginHistogram($"bioproxy_plugin_custom_{name}", description)));

    public void Cut() => _isCut = true;

    private T Get<T>(string name, Func<object> make)
        where T : class
    {
        ObjectDisposedException.ThrowIf(_isCut, this);
        if (!MetricName().IsMatch(name))
            throw new ArgumentException($"'{name}' is not a valid metric name: use lower-case letters, digits and "
                + "underscores.", nameof(name));
        return _known.GetOrAdd(name, _ => make()) as T ?? throw new ArgumentException($"The metric '{name}' already exists with another "
            + "type.", nameof(name));
    }

    [GeneratedRegex(@"\A[a-z][a-z0-9_]*\z")]
    private static partial Regex MetricName();

    private sealed class PluginCounter(PluginMetrics owner, Counter<long> counter) : IPluginCounter
    {
        public void Add(long value)
        {
            if (!owner._isCut)
                counter.Add(value, owner._label);
        }
    }

    private sealed class PluginHistogram(PluginMetrics owner, Histogram<double> histogram) : IPluginHistogram
    {
        public void Record(double value)
        {
            if (!owner._isCut)
                histogram.Record(value, owner._label);
        }
    }
}
