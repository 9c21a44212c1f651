using OpenTelemetry;
using OpenTelemetry.Metrics;

namespace Bioproxy.Host.Telemetry;

/// <summary>Turns a collection into text and keeps the text until the next one.</summary>
[ExportModes(ExportModes.Pull)]
internal sealed class PrometheusExporter : BaseExporter<Metric>, IPullMetricExporter
{
    private Func<int, bool>? _collect;

    Func<int, bool>? IPullMetricExporter.Collect
    {
        get => _collect;
        set => _collect = value;
    }

    public string Text { get; private set; } = "";

    /// <summary>Reads all instruments and renews <see cref="Text"/>.</summary>
    public bool Collect() => _collect is not null && _collect(Timeout.Infinite);

    public override ExportResult Export(in Batch<Metric> batch)
    {
        var text = new PrometheusText();
        foreach (var metric in batch)
            text.Add(metric);
        Text = text.ToString();
        return ExportResult.Success;
    }
}
