using System.Globalization;
using System.Text;
using OpenTelemetry;
using OpenTelemetry.Metrics;

namespace Bioproxy.Host.Telemetry;

/// <summary>
/// Prometheus' text format 0.0.4 (prometheus.io, "Exposition formats"). Families are in the order of their names and series in the order of
/// their labels, so that two scrapes of the same values are the same text.
/// </summary>
internal sealed class PrometheusText
{
    private readonly SortedDictionary<string, Family> _families = new(StringComparer.Ordinal);

    public void Add(Metric metric)
    {
        var name = Identifier(metric.Name, colons: true);
        if (!_families.TryGetValue(name, out var family))
            _families.Add(name, family = new Family(TypeOf(metric.MetricType), metric.Description));

        foreach (ref readonly var point in metric.GetMetricPoints())
        {
            var labels = Labels(point.Tags);
            family.Series[labels] = Series(name, labels, metric.MetricType, point);
        }
    }

    public override string ToString()
    {
        var text = new StringBuilder();
        foreach (var (name, family) in _families)
        {
            if (family.Series.Count == 0)
                continue;

            // HELP escapes backslashes and line feeds, label values double quotes as well.
            text.Append("# HELP ").Append(name).Append(' ').Append(Escape(family.Help)).Append('\n');
            text.Append("# TYPE ").Append(name).Append(' ').Append(family.Type).Append('\n');
            text.AppendJoin("", family.Series.Values);
        }

        return text.ToString();
    }

    private static string TypeOf(MetricType type) => type switch
    {
        MetricType.LongSum or MetricType.DoubleSum => "counter",
        MetricType.Histogram or MetricType.ExponentialHistogram => "histogram",
        _ => "gauge",
    };

    private static string Series(string name, string labels, MetricType type, in MetricPoint point) => type switch
    {
        MetricType.LongSum or MetricType.LongSumNonMonotonic => Sample(name, labels, Number(point.GetSumLong())),
        MetricType.DoubleSum or MetricType.DoubleSumNonMonotonic => Sample(name, labels, Number(point.GetSumDouble())),
        MetricType.LongGauge => Sample(name, labels, Number(point.GetGaugeLastValueLong())),
        MetricType.DoubleGauge => Sample(name, labels, Number(point.GetGaugeLastValueDouble())),
        _ => Histogram(name, labels, type, point),
    };

    private static string Histogram(string name, string labels, MetricType type, in MetricPoint point)
    {
        var text = new StringBuilder();
        if (type == MetricType.Histogram)
        {
            // The SDK counts each bucket by itself; the format wants everything up to the bound.
            long cumulative = 0;
            foreach (var bucket in point.GetHistogramBuckets())
            {
                cumulative += bucket.BucketCount;
                if (!double.IsPositiveInfinity(bucket.ExplicitBound))
                    text.Append(Sample($"{name}_bucket", WithBound(labels, Number(bucket.ExplicitBound)), Number(cumulative)));
            }
        }

        var count = Number(point.GetHistogramCount());
        return text
            .Append(Sample($"{name}_bucket", WithBound(labels, "+Inf"), count))
            .Append(Sample($"{name}_sum", labels, Number(point.GetHistogramSum())))
            .Append(Sample($"{name}_count", labels, count))
            .ToString();
    }

    private static string WithBound(string labels, string bound) => labels.Length == 0 ? $"le=\"{bound}\"" : $"{labels},le=\"{bound}\"";

    private static string Sample(string name, string labels, string value) => labels.Length == 0 ? $"{name} {value}\n" : $"{name}{{{labels}}} {value}\n";

    private static string Labels(ReadOnlyTagCollection tags)
    {
        var labels = new List<string>(tags.Count);
        foreach (var (key, value) in tags)
            labels.Add($"{Identifier(key, colons: false)}=\"{Escape(Convert.ToString(value, CultureInfo.InvariantCulture) ?? "").Replace("\"", "\\\"", StringComparison.Ordinal)}\"");
        labels.Sort(StringComparer.Ordinal);
        return string.Join(',', labels);
    }

    private static string Escape(string text) => text.Replace("\\", @"\\", StringComparison.Ordinal).Replace("\n", @"\n", StringComparison.Ordinal);

    /// <summary>Names know letters, digits and underscores; the SDK's own label for too many series is otel.metric.overflow.</summary>
    private static string Identifier(string name, bool colons)
    {
        var valid = string.Create(name.Length, (name, colons), static (characters, state) =>
        {
            for (var index = 0; index < characters.Length; index++)
            {
                var character = state.name[index];
                characters[index] = char.IsAsciiLetterOrDigit(character) || (state.colons && character == ':') ? character : '_';
            }
        });
        return valid.Length > 0 && char.IsAsciiDigit(valid[0]) ? $"_{valid}" : valid;
    }

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);

    private static string Number(double value) => value switch
    {
        double.PositiveInfinity => "+Inf",
        double.NegativeInfinity => "-Inf",
        double.NaN => "NaN",
        _ => value.ToString("R", CultureInfo.InvariantCulture).Replace('E', 'e'),
    };

    private sealed record Family(string Type, string Help)
    {
        public SortedDictionary<string, string> Series { get; } = new(StringComparer.Ordinal);
    }
}
