using System.Diagnostics;
using Bioproxy.Host.Telemetry;

namespace Bioproxy.UnitTests.Telemetry;

public sealed class OtlpTests
{
    [Theory]
    [InlineData("http://collector:4317", null)]
    [InlineData("http://collector", null)]
    [InlineData("http://collector:4318", "http://collector:4318/v1/traces")]
    [InlineData("http://collector:4318/", "http://collector:4318/v1/traces")]
    [InlineData("https://collector/otlp", "https://collector/otlp/v1/traces")]
    [InlineData("http://collector:1/v1/metrics", "http://collector:1/v1/traces")]
    [InlineData("http://collector:1/v1/traces", "http://collector:1/v1/traces")]
    [InlineData("http://prometheus:9090/api/v1/otlp/v1/metrics/", "http://prometheus:9090/api/v1/otlp/v1/traces")]
    public void HttpAddress_OfTraces_FollowsFromTheEndpoint(string endpoint, string? expected) =>
        Assert.Equal(expected, Otlp.HttpAddress(new Uri(endpoint), Otlp.Traces)?.AbsoluteUri);

    [Fact]
    public void Source_WithoutAnEndpoint_HasNoListener()
    {
        using var tracing = new RequestTracing();

        Assert.False(tracing.Source.HasListeners());
    }

    [Fact]
    public void Source_WithAnEndpoint_IsHeardAloneAndAsOftenAsAsked()
    {
        using var other = new RequestTracing();
        using var never = new RequestTracing(new Uri("http://127.0.0.1:1/otlp"), sampling: 0);
        using var always = new RequestTracing(new Uri("http://127.0.0.1:1/otlp"));
        using var none = never.Source.StartActivity("a", ActivityKind.Server, default(ActivityContext));
        none?.Stop();
        using var one = always.Source.StartActivity("b", ActivityKind.Server, default(ActivityContext));

        Assert.False(other.Source.HasListeners());
        Assert.True(none is null or { IsAllDataRequested: false });
        Assert.True(one is { IsAllDataRequested: true, Recorded: true });
    }

    [Fact]
    public void StartWithin_NoRequest_MakesNoSpan()
    {
        Assert.Null(Activity.Current);
        Assert.Null(RequestTracing.StartWithin("restore"));
    }
}
