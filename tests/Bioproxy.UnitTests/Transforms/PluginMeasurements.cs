using System.Diagnostics.Metrics;
using System.Globalization;
using Bioproxy.Host.Telemetry;

namespace Bioproxy.UnitTests.Transforms;

/// <summary>What one proxy's metrics measure of plugins, as in <c>errors_total 1 plugin-bad exception</c>.</summary>
internal sealed class PluginMeasurements : IDisposable
{
    private const string Start = "bioproxy_plugin_";

    private readonly Lock _lock = new();
    private readonly List<string> _lines = [];
    private readonly MeterListener _listener;

    public PluginMeasurements(ProxyMetrics metrics)
    {
        _listener = new MeterListener
        {
            InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Meter == metrics.Meter && instrument.Name.StartsWith(Start, StringComparison.Ordinal))
                    listener.EnableMeasurementEvents(instrument);
            },
        };
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Add(instrument, value, tags));
        _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Add(instrument, value, tags));
        _listener.Start();
    }

    public IReadOnlyList<string> Lines
    {
        get
        {
            lock (_lock)
                return [.. _lines];
        }
    }

    public void Dispose() => _listener.Dispose();

    private void Add(Instrument instrument, IFormattable value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var labels = string.Join(' ', tags.ToArray().Select(tag => tag.Value));
        lock (_lock)
            _lines.Add($"{instrument.Name[Start.Length..]} {value.ToString(null, CultureInfo.InvariantCulture)} {labels}");
    }
}
