using System.Diagnostics.Metrics;
using Bioproxy.Host.Telemetry;

namespace Bioproxy.UnitTests.Telemetry;

public sealed class ProxyMetricsTests : IDisposable
{
    private readonly StoppedClock _clock = new();
    private readonly ProxyMetrics _metrics;
    private readonly MetricsExporter _exporter;

    public ProxyMetricsTests()
    {
        _metrics = new ProxyMetrics(_clock);
        _exporter = new MetricsExporter(_metrics.Meter, otlpEndpoint: null);
    }

    public void Dispose()
    {
        _exporter.Dispose();
        _metrics.Dispose();
    }

    [Fact]
    public void Scrape_AtStart_HasUptimeAndChecks()
    {
        _clock.Advance(TimeSpan.FromSeconds(1.5));

        Assert.Equal(["bioproxy_uptime_seconds 1.5", "bioproxy_warmup_checks_total 0"], Samples().Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Scrape_EverythingRecorded_HasTheNamesDashboardsExpect()
    {
        RecordEverything();
        var samples = Samples();

        foreach (var expected in new[]
        {
            "bioproxy_requests_total{endpoint=\"chat\",status=\"200\"} 1",
            "bioproxy_uptime_seconds 0",
            "bioproxy_warmup_checks_total 2",
            "bioproxy_warmup_executions_total{prefix=\"@code\"} 1",
            "bioproxy_warmup_errors_total{prefix=\"@code\",type=\"backend\"} 1",
            "bioproxy_warmup_cancellations_total{prefix=\"@code\"} 1",
            "bioproxy_warmup_duration_seconds_sum{prefix=\"@code\"} 3",
            "bioproxy_warmup_duration_seconds_count{prefix=\"@code\"} 1",
            "bioproxy_warmup_duration_seconds_bucket{prefix=\"@code\",le=\"2.5\"} 0",
            "bioproxy_warmup_duration_seconds_bucket{prefix=\"@code\",le=\"5\"} 1",
            "bioproxy_kv_cache_saves_total{prefix=\"@code\"} 1",
            "bioproxy_kv_cache_restores_total{prefix=\"@code\",status=\"effective\"} 1",
            "bioproxy_cache_results_total{result=\"restored\"} 1",
            "bioproxy_prompt_tokens_total{result=\"restored\",source=\"cached\"} 900",
            "bioproxy_prompt_tokens_total{result=\"restored\",source=\"computed\"} 10",
            "bioproxy_queue_rejections_total{reason=\"full\"} 1",
            "bioproxy_queue_wait_seconds_count{lane=\"interactive\"} 1",
            "bioproxy_template_errors_total{prefix=\"@code\"} 1",
            "bioproxy_plugin_calls_total{plugin=\"expander\"} 1",
            "bioproxy_plugin_errors_total{plugin=\"expander\",type=\"timeout\"} 1",
            "bioproxy_kv_cache_save_duration_seconds_count 1",
            "bioproxy_kv_cache_restore_duration_seconds_count 1",
            "bioproxy_request_duration_seconds_count{endpoint=\"chat\"} 1",
            "bioproxy_time_to_first_byte_seconds_count{endpoint=\"chat\"} 1",
            "bioproxy_slots{state=\"idle\"} 3",
        })
        {
            Assert.Contains(expected, samples);
        }
    }

    private void RecordEverything()
    {
        EveryMetric.Record(_metrics);
        _metrics.Observe(
            "bioproxy_slots",
            "Slots of the backend, by state.",
            () => [new Measurement<long>(3, new KeyValuePair<string, object?>("state", "idle"))]);
    }

    private string[] Samples() =>
        [.. _exporter.Page().Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(line => !line.StartsWith('#'))];

    private sealed class StoppedClock : TimeProvider
    {
        private long _now = 1;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public void Advance(TimeSpan time) => _now += time.Ticks;

        public override long GetTimestamp() => _now;
    }
}
