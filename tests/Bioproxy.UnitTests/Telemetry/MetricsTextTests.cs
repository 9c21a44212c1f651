using Bioproxy.Host.Telemetry;

namespace Bioproxy.UnitTests.Telemetry;

/// <summary>Pages of other programs: exact ones are read whole, and of others nothing that would spoil the proxy's own page.</summary>
public sealed class MetricsTextTests
{
    [Fact]
    public void Read_PageOfLlamaServer_IsTakenAsItIs()
    {
        var page = MetricsText.Read(
            "# HELP llamacpp:prompt_tokens_total Number of prompt tokens processed, excluding cached tokens\n"
            + "# TYPE llamacpp:prompt_tokens_total counter\nllamacpp:prompt_tokens_total 4\n"
            + "# TYPE llamacpp:predicted_tokens_seconds gauge\nllamacpp:predicted_tokens_seconds 3174.6\n");

        Assert.Equal(
            [new ForeignSample("llamacpp:prompt_tokens_total", "", "4"), new("llamacpp:predicted_tokens_seconds", "", "3174.6")],
            page.Samples);
        Assert.Equal(("counter", "gauge"), (
            page.TypeOf("llamacpp:prompt_tokens_total"), page.TypeOf("llamacpp:predicted_tokens_seconds")));
        Assert.Equal("Number of prompt tokens processed, excluding cached tokens", page.HelpOf("llamacpp:prompt_tokens_total"));
    }

    [Theory]
    [InlineData("a 1\n", "a{} 1")]
    [InlineData("a{x=\"1\",y=\"\\\"\\\\\\n\"} 1e3 1700000000000\r\n", "a{x=\"1\",y=\"\\\"\\\\\\n\"} 1000")]
    [InlineData("a{y=\"1\",x=\"2\",} 1\n", "a{x=\"2\",y=\"1\"} 1")]
    [InlineData("a NaN\nb +Inf\nc Inf\nd -Inf\n", "a{} NaN, b{} +Inf, c{} +Inf, d{} -Inf")]
    [InlineData("h_bucket{p=\"1\"} 1\n", "h_bucket{p=\"1\"} 1")]
    public void Read_ExactLine_IsTaken(string page, string expected) => Assert.Equal(expected, Text(MetricsText.Read(page)));

    [Theory]
    [InlineData("a 1")] // cut off: it may have been 123
    [InlineData("a\n")]
    [InlineData("a one\n")]
    [InlineData("a 1e999\n")]
    [InlineData("a 1 2 3\n")]
    [InlineData("1a 1\n")]
    [InlineData("a{x=\"1\" 1\n")]
    [InlineData("a{x=1} 1\n")]
    [InlineData("a{x=\"\\t\"} 1\n")]
    [InlineData("a{x=\"1\",x=\"2\"} 1\n")]
    [InlineData("a{backend=\"b\"} 1\n")]
    [InlineData("a{x=\"1\",model=\"m\"} 1\n")]
    [InlineData("a{le=\"1\"} 1\n")]
    [InlineData("bioproxy_requests_total 1\n")]
    [InlineData("process_cpu_seconds_total 1\n")]
    [InlineData("<html>\n")]
    public void Read_LineThatIsNotExactOrCollides_IsLeftOut(string page) => Assert.Equal("", Text(MetricsText.Read(page)));

    [Fact]
    public void Read_SameSeriesTwice_IsTakenOnce() =>
        Assert.Equal("a{x=\"1\",y=\"2\"} 1", Text(MetricsText.Read("a{x=\"1\",y=\"2\"} 1\na{y=\"2\",x=\"1\"} 3\n")));

    [Fact]
    public void Read_OtherTypes_AreUntyped()
    {
        var page = MetricsText.Read("# TYPE a histogram\n# TYPE b gauge\n# TYPE b counter\n# HELP c bad \\x\na 1\nb 1\nc 1\n");

        Assert.Equal(("untyped", "gauge", "untyped", ""), (page.TypeOf("a"), page.TypeOf("b"), page.TypeOf("c"), page.HelpOf("c")));
    }

    [Fact]
    public void Read_HugePage_EndsAtTheLimits()
    {
        var many = string.Concat(Enumerable.Range(0, 5000).Select(static i => $"a{i} 1\n"));
        var longest = $"b{{x=\"{new string('x', 2000)}\"}} 1\n";

        Assert.Equal(MetricsText.MostSamples, MetricsText.Read(longest + many).Samples.Count);
        Assert.Empty(MetricsText.Read(longest).Samples);
    }

    private static string Text(MetricsText page) =>
        string.Join(", ", page.Samples.Select(static one => $"{one.Name}{{{one.Labels}}} {one.Value}"));
}
