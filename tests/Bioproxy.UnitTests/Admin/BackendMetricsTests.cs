using System.Text;
using Bioproxy.Doubles;
using Bioproxy.Host.Admin;
using Bioproxy.Host.Backends;
using Bioproxy.Host.Models;
using Bioproxy.UnitTests.Models;
using Bioproxy.UnitTests.Telemetry;
using Microsoft.Extensions.Logging.Abstractions;

namespace Bioproxy.UnitTests.Admin;

/// <summary>When models are asked for their metrics, and what of these is published.</summary>
public sealed class BackendMetricsTests : IAsyncDisposable
{
    private readonly ModelFixture _one = new(name: "one");
    private readonly ModelFixture _two = new(name: "t\"wo");
    private int _asked;

    public async ValueTask DisposeAsync()
    {
        await _one.DisposeAsync();
        await _two.DisposeAsync();
    }

    [Fact]
    public async Task Page_SeveralModels_IsOneFamilyWithTheirLabels()
    {
        await _one.CheckAsync();
        await _two.CheckAsync();
        Answer(_one, "# HELP llamacpp:x_total What it is.\n# TYPE llamacpp:x_total counter\nllamacpp:x_total 4\nonly_one{k=\"v\"} 1\n");
        Answer(_two, "llamacpp:x_total 5\n");
        var metrics = Metrics();

        await metrics.CollectAsync(default).DefaultTimeout();

        Assert.Equal(
            """
            # HELP llamacpp:x_total What it is.
            # TYPE llamacpp:x_total counter
            llamacpp:x_total{backend="one",model="fake-model"} 4
            llamacpp:x_total{backend="t\"wo",model="fake-model"} 5
            # HELP only_one 
            # TYPE only_one untyped
            only_one{backend="one",model="fake-model",k="v"} 1

            """,
            Encoding.UTF8.GetString(metrics.Page().Span));
    }

    [PromtoolFact]
    public async Task Page_OfLlamaServer_IsOneForPrometheus()
    {
        await _one.CheckAsync();
        Answer(_one, "# HELP llamacpp:x_total What it is.\n# TYPE llamacpp:x_total counter\nllamacpp:x_total 4\n");
        var metrics = Metrics();
        await metrics.CollectAsync(default).DefaultTimeout();

        var complaints = await Promtool.CheckAsync(Encoding.UTF8.GetString(metrics.Page().Span));

        // A matter of taste to promtool, which keeps the colon for the results of rules; llama-server's own page has it.
        Assert.Equal("llamacpp:x_total metric names should not contain ':'", complaints.Trim());
    }

    [Fact]
    public async Task Collect_ServerWithoutMetrics_IsAskedOnceInItsLife()
    {
        await _one.CheckAsync();
        var metrics = Metrics();
        _one.Driver.OnReadMetrics = Refuse;

        await metrics.CollectAsync(default).DefaultTimeout();
        await metrics.CollectAsync(default).DefaultTimeout();
        Assert.Equal(1, _asked);
        await _one.ReplaceAsync();
        await metrics.CollectAsync(default).DefaultTimeout();

        Assert.Equal(2, _asked);
        Assert.Equal(0, metrics.Page().Length);

        Task<BackendAnswer<string>> Refuse()
        {
            _asked++;
            return Task.FromResult(new BackendAnswer<string>(null, 501, "no", null, null));
        }
    }

    [Theory]
    [InlineData("Sleeping")]
    [InlineData("Unloaded")]
    [InlineData("Loading")]
    [InlineData("Unreachable")]
    public async Task Collect_ModelThatIsNotLoaded_IsNotAsked(string status)
    {
        _one.Driver.OnDiscover = _ => Task.FromResult(Discovery.Found(Enum.Parse<BackendStatus>(status), null, "test"));
        await _one.CheckAsync();
        Answer(_one, "a 1\n");

        await Metrics().CollectAsync(default).DefaultTimeout();

        Assert.Equal(0, _asked);
    }

    [Fact]
    public async Task Page_ModelHasGone_ItsSamplesGoToo()
    {
        await _one.CheckAsync();
        Answer(_one, "a 1\n");
        var metrics = Metrics();
        await metrics.CollectAsync(default).DefaultTimeout();
        Assert.NotEqual(0, metrics.Page().Length);

        await _one.ReplaceAsync();

        Assert.Equal(0, metrics.Page().Length);
    }

    [Fact]
    public async Task Page_NextAnswerIsLate_KeepsTheLastOne()
    {
        await _one.CheckAsync();
        Answer(_one, "a 1\n");
        var metrics = Metrics();
        await metrics.CollectAsync(default).DefaultTimeout();
        _one.Driver.OnReadMetrics = static () =>
            Task.FromResult(new BackendAnswer<string>(null, 0, "no answer", Host.Http.TransportFault.AnswerTimedOut, null));

        await metrics.CollectAsync(default).DefaultTimeout();

        Assert.NotEqual(0, metrics.Page().Length);
    }

    [Fact]
    public async Task Run_Interval_IsNeverExceeded()
    {
        await _one.CheckAsync();
        Answer(_one, "a 1\n");
        using var stop = new CancellationTokenSource();
        var clock = new TestClock();
        var metrics = new BackendMetrics(
            new ModelDirectory([_one.Model]), TimeSpan.FromSeconds(15), clock, NullLogger<BackendMetrics>.Instance);
        var running = metrics.RunAsync(stop.Token);

        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(i, _asked);
            await clock.WhenTimersAsync(1).DefaultTimeout();
            clock.Advance(TimeSpan.FromSeconds(14));
            Assert.Equal(i, _asked);
            clock.Advance(TimeSpan.FromSeconds(1));
            await clock.WhenTimersAsync(1).DefaultTimeout();
        }

        await stop.CancelAsync();
        await running.DefaultTimeout();
    }

    private BackendMetrics Metrics() => new(
        new ModelDirectory([_one.Model, _two.Model]), TimeSpan.FromSeconds(15), TimeProvider.System, NullLogger<BackendMetrics>.Instance);

    private void Answer(ModelFixture model, string page) => model.Driver.OnReadMetrics = () =>
    {
        _asked++;
        return Task.FromResult(new BackendAnswer<string>(page, 200, null, null, null));
    };
}
