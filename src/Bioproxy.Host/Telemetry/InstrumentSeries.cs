using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Globalization;
using Prometheus;
using Tag = System.Collections.Generic.KeyValuePair<string, object?>;

namespace Bioproxy.Host.Telemetry;

/// <summary>The time series of one instrument, one for each combination of tags. A series exists from its first measurement on.</summary>
internal sealed class InstrumentSeries
{
    private readonly Instrument _instrument;
    private readonly IMetricFactory _factory;
    private readonly ConcurrentDictionary<Tag[], Action<double>> _series = new(TagSetComparer.Instance);
    private readonly ConcurrentDictionary<Tag[], Action<double>>.AlternateLookup<ReadOnlySpan<Tag>> _bySpan;

    public InstrumentSeries(Instrument instrument, IMetricFactory factory)
    {
        _instrument = instrument;
        _factory = factory;
        _bySpan = _series.GetAlternateLookup<ReadOnlySpan<Tag>>();
    }

    /// <summary>Runs on the request's path: allocates nothing once the series exists.</summary>
    public void Record(double value, ReadOnlySpan<Tag> tags)
    {
        if (!_bySpan.TryGetValue(tags, out var record))
            record = _series.GetOrAdd(tags.ToArray(), Create);
        record(value);
    }

    private Action<double> Create(Tag[] tags)
    {
        // Prometheus-net takes labels by position, and instruments are given them in any order.
        var sorted = tags.OrderBy(tag => tag.Key, StringComparer.Ordinal).ToArray();
        string[] names = [.. sorted.Select(tag => tag.Key)];
        string[] values = [.. sorted.Select(tag => Convert.ToString(tag.Value, CultureInfo.InvariantCulture) ?? "")];
        var kind = _instrument.GetType().GetGenericTypeDefinition();
        var help = Escape(_instrument.Description ?? "");
        if (kind == typeof(Histogram<>))
        {
            var histogram = _factory.CreateHistogram(_instrument.Name, help, names, new HistogramConfiguration { Buckets = Buckets() });
            return histogram.WithLabels(values).Observe;
        }

        if (kind == typeof(Counter<>) || kind == typeof(ObservableCounter<>))
        {
            var counter = _factory.CreateCounter(_instrument.Name, help, names).WithLabels(values);
            return kind == typeof(Counter<>) ? value => counter.Inc(value) : counter.IncTo;
        }

        var gauge = _factory.CreateGauge(_instrument.Name, help, names).WithLabels(values);
        return kind == typeof(UpDownCounter<>) ? gauge.Inc : gauge.Set;
    }

    /// <summary>The library escapes label values but not help texts, and plugins write some of those.</summary>
    private static string Escape(string help) =>
        help.Replace("\\", @"\\", StringComparison.Ordinal).Replace("\n", @"\n", StringComparison.Ordinal);

    private double[]? Buckets() => (_instrument as Histogram<double>)?.Advice?.HistogramBucketBoundaries?.ToArray();
}
