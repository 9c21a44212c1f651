using System.Diagnostics.Metrics;
using Bioproxy.Host.Telemetry;

namespace Bioproxy.UnitTests.Telemetry;

public sealed class MetricsExporterTests : IDisposable
{
    private readonly Meter _meter = new($"test-{Guid.NewGuid()}");
    private readonly MetricsExporter _exporter;

    public MetricsExporterTests() => _exporter = new MetricsExporter(_meter, otlpEndpoint: null);

    public void Dispose()
    {
        _exporter.Dispose();
        _meter.Dispose();
    }

    [Fact]
    public void Scrape_NothingRecorded_IsEmpty()
    {
        _meter.CreateCounter<long>("unused_total");

        Assert.Equal("", _exporter.Page());
    }

    [Fact]
    public void Scrape_TagsInAnyOrder_AreOneSeries()
    {
        var counter = _meter.CreateCounter<long>("z_total", description: "Last.");
        counter.Add(2, new("lane", "b"), new("kind", "x"));
        counter.Add(3, new("kind", "x"), new("lane", "b"));
        counter.Add(0, new("kind", "x"), new("lane", "b"));

        Assert.Equal("# HELP z_total Last.\n# TYPE z_total counter\nz_total{kind=\"x\",lane=\"b\"} 5\n", _exporter.Page());
    }

    [Fact]
    public void Scrape_TagsOfDifferentNames_AreSeriesOfOneFamily()
    {
        var counter = _meter.CreateCounter<long>("z_total", description: "Last.");
        counter.Add(1, new KeyValuePair<string, object?>("lane", "a"));
        counter.Add(2, new KeyValuePair<string, object?>("kind", "a"));

        var page = _exporter.Page();

        Assert.Single(page.Split('\n'), "# TYPE z_total counter");
        Assert.Contains("\nz_total{lane=\"a\"} 1\n", page, StringComparison.Ordinal);
        Assert.Contains("\nz_total{kind=\"a\"} 2\n", page, StringComparison.Ordinal);
    }

    [Fact]
    public void Scrape_ObservedAndUpDown_HaveThePresentValue()
    {
        var observed = 1L;
        var a = _meter.CreateUpDownCounter<double>("a");
        _meter.CreateObservableCounter("checks_total", () => observed);
        _meter.CreateObservableGauge("limit", () => 1e-9);
        a.Add(1.5);
        a.Add(-2);

        Assert.Equal(["a -0.5", "checks_total 1", "limit 1e-09"], Samples());
        observed = 7;
        Assert.Equal(["a -0.5", "checks_total 7", "limit 1e-09"], Samples());

        IEnumerable<string> Samples() => _exporter.Page().Split('\n')
            .Where(line => line.Length > 0 && line[0] != '#')
            .Order(StringComparer.Ordinal);
    }

    [Fact]
    public void Scrape_SpecialCharacters_AreEscaped()
    {
        var counter = _meter.CreateCounter<long>("escaped_total", description: "A \\ and\na \"quote\".");
        counter.Add(1, new KeyValuePair<string, object?>("prefix", "@\\ \"ä\"\nnext"));

        Assert.Equal(
            "# HELP escaped_total A \\\\ and\\na \"quote\".\n# TYPE escaped_total counter\n"
            + "escaped_total{prefix=\"@\\\\ \\\"ä\\\"\\nnext\"} 1\n",
            _exporter.Page());
    }

    [Fact]
    public void Scrape_Histogram_IsCumulative()
    {
        var advice = new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.00001, 0.5, 1] };
        var histogram = _meter.CreateHistogram("wait_seconds", "s", "Waiting.", advice: advice);
        foreach (var value in new[] { 0.25, 0.5, 0.75, 3 })
            histogram.Record(value, new KeyValuePair<string, object?>("lane", "interactive"));

        Assert.Equal(
            [
                "# HELP wait_seconds Waiting.",
                "# TYPE wait_seconds histogram",
                "wait_seconds_bucket{lane=\"interactive\",le=\"+Inf\"} 4",
                "wait_seconds_bucket{lane=\"interactive\",le=\"0.5\"} 2",
                "wait_seconds_bucket{lane=\"interactive\",le=\"1\"} 3",
                "wait_seconds_bucket{lane=\"interactive\",le=\"1e-05\"} 0",
                "wait_seconds_count{lane=\"interactive\"} 4",
                "wait_seconds_sum{lane=\"interactive\"} 4.5",
            ],
            _exporter.Page().Split('\n', StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Scrape_FromManyThreads_EachSeesWhatWasAddedBefore()
    {
        var counter = _meter.CreateCounter<long>("busy_total");
        Parallel.For(0, 200, _ =>
        {
            counter.Add(1);
            Assert.Contains("busy_total ", _exporter.Page(), StringComparison.Ordinal);
        });

        Assert.Contains("busy_total 200\n", _exporter.Page(), StringComparison.Ordinal);
    }

    [Fact]
    public void Scrape_MadeFromAMeter_SeesNoOtherOfTheSameName()
    {
        using var other = new Meter(_meter.Name);
        other.CreateCounter<long>("theirs_total").Add(1);
        other.CreateCounter<long>("shared_total").Add(1);
        using var exporter = new MetricsExporter(_meter, otlpEndpoint: null);
        other.CreateCounter<long>("shared_total").Add(1);
        _meter.CreateCounter<long>("shared_total").Add(5);

        Assert.Equal("# HELP shared_total \n# TYPE shared_total counter\nshared_total 5\n", exporter.Page());
    }

    [Theory]
    [InlineData("http://localhost:4317")]
    [InlineData("http://localhost:4318")]
    [InlineData("http://localhost:1/v1/metrics")]
    public void Scrape_WithOtlpConfigured_StillWorks(string endpoint)
    {
        using var meter = new Meter("otlp");
        using var exporter = new MetricsExporter(meter, new Uri(endpoint));
        meter.CreateCounter<long>("x_total").Add(1);

        Assert.Contains("x_total 1\n", exporter.Page(), StringComparison.Ordinal);
    }
}
