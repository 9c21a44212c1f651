using System.Buffers;
using System.Diagnostics.Metrics;
using System.Text;
using Bioproxy.Host.Telemetry;

namespace Bioproxy.UnitTests.Telemetry;

public sealed class MetricsExporterTests : IDisposable
{
    private readonly Meter _meter = new($"test-{Guid.NewGuid()}");
    private readonly MetricsExporter _exporter;

    public MetricsExporterTests() => _exporter = new MetricsExporter(_meter.Name, otlpEndpoint: null);

    public void Dispose()
    {
        _exporter.Dispose();
        _meter.Dispose();
    }

    [Fact]
    public void Scrape_NothingRecorded_IsEmpty()
    {
        _meter.CreateCounter<long>("unused_total");

        Assert.Equal("", _exporter.Scrape());
    }

    [Fact]
    public void Scrape_CountersAndGauges_SortedWithOneHeaderEach()
    {
        var z = _meter.CreateCounter<long>("z_total", description: "Last.");
        var a = _meter.CreateUpDownCounter<double>("a", description: "First.");
        _meter.CreateObservableGauge("m.dashed-name", () => double.PositiveInfinity, description: "Infinite.");
        z.Add(2, new("lane", "b"), new("kind", "x"));
        z.Add(1, new KeyValuePair<string, object?>("lane", "a"));
        z.Add(3, new("kind", "x"), new("lane", "b"));
        a.Add(1.5);
        a.Add(-2);

        const string Expected = """
            # HELP a First.
            # TYPE a gauge
            a -0.5
            # HELP m_dashed_name Infinite.
            # TYPE m_dashed_name gauge
            m_dashed_name +Inf
            # HELP z_total Last.
            # TYPE z_total counter
            z_total{kind="x",lane="b"} 5
            z_total{lane="a"} 1

            """;
        Assert.Equal(Expected, _exporter.Scrape());
        Assert.Equal(Expected, _exporter.Scrape());
    }

    [Fact]
    public void Scrape_SpecialCharacters_AreEscaped()
    {
        var counter = _meter.CreateCounter<long>("escaped_total", description: "A \\ and\na \"quote\".");
        counter.Add(1, new KeyValuePair<string, object?>("prefix.name", "@\\ \"ä\"\nnext"));

        Assert.Equal(
            "# HELP escaped_total A \\\\ and\\na \"quote\".\n# TYPE escaped_total counter\nescaped_total{prefix_name=\"@\\\\ \\\"ä\\\"\\nnext\"} 1\n",
            _exporter.Scrape());
    }

    [Fact]
    public void Scrape_Histogram_IsCumulative()
    {
        var histogram = _meter.CreateHistogram("wait_seconds", "s", "Waiting.", advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.00001, 0.5, 1] });
        foreach (var value in new[] { 0.25, 0.5, 0.75, 3 })
            histogram.Record(value, new KeyValuePair<string, object?>("lane", "interactive"));

        Assert.Equal(
            """
            # HELP wait_seconds Waiting.
            # TYPE wait_seconds histogram
            wait_seconds_bucket{lane="interactive",le="1e-05"} 0
            wait_seconds_bucket{lane="interactive",le="0.5"} 2
            wait_seconds_bucket{lane="interactive",le="1"} 3
            wait_seconds_bucket{lane="interactive",le="+Inf"} 4
            wait_seconds_sum{lane="interactive"} 4.5
            wait_seconds_count{lane="interactive"} 4

            """,
            _exporter.Scrape());
    }

    [Fact]
    public void Scrape_IntoABuffer_IsTheSameText()
    {
        _meter.CreateCounter<long>("x_total", description: "Ä.").Add(1);
        var buffer = new ArrayBufferWriter<byte>();

        _exporter.Scrape(buffer);

        Assert.Equal(_exporter.Scrape(), Encoding.UTF8.GetString(buffer.WrittenSpan));
    }

    [Fact]
    public void Scrape_FromManyThreads_EachSeesWhatWasAddedBefore()
    {
        var counter = _meter.CreateCounter<long>("busy_total");
        Parallel.For(0, 200, _ =>
        {
            counter.Add(1);
            Assert.Contains("busy_total ", _exporter.Scrape(), StringComparison.Ordinal);
        });

        Assert.Contains("busy_total 200\n", _exporter.Scrape(), StringComparison.Ordinal);
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

        Assert.Equal("# HELP shared_total \n# TYPE shared_total counter\nshared_total 5\n", exporter.Scrape());
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

        Assert.Contains("x_total 1\n", exporter.Scrape(), StringComparison.Ordinal);
    }
}
