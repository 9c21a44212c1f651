using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;
using System.Text.Json.Serialization;
using Bioproxy.Abstractions;
using Bioproxy.Doubles;
using Bioproxy.Host.Configuration;
using Bioproxy.Host.Plugins;
using Bioproxy.Host.Telemetry;
using Microsoft.Extensions.Logging.Abstractions;
using NSubstitute;

namespace Bioproxy.UnitTests.Plugins;

public sealed partial class PluginHostTests : IDisposable
{
    private static readonly BackendQuestion Question = new("/x", "{}"u8.ToArray());

    private readonly DirectoryInfo _state = Directory.CreateTempSubdirectory("bioproxy-state-");
    private readonly ProxyMetrics _metrics = new(TimeProvider.System);
    private readonly List<string> _measured = [];
    private readonly MeterListener _listener;

    public PluginHostTests()
    {
        _listener = new MeterListener
        {
            InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Meter == _metrics.Meter && instrument.Name.StartsWith("bioproxy_plugin_custom_", StringComparison.Ordinal))
                    listener.EnableMeasurementEvents(instrument);
            },
        };
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => _measured.Add($"{instrument.Name} {value} "
            + $"{tags[0].Key}={tags[0].Value}"));
        _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) =>
            _measured.Add(string.Create(CultureInfo.InvariantCulture, $"{instrument.Name} {value} {tags[0].Key}={tags[0].Value}")));
        _listener.Start();
    }

    public void Dispose()
    {
        _listener.Dispose();
        _metrics.Dispose();
        _state.Delete(recursive: true);
    }

    [Fact]
    public void DataFolder_AskedFor_ExistsUnderTheState()
    {
        using var host = Host();
        Assert.Empty(_state.GetFileSystemInfos());

        Assert.Equal(Path.Combine(_state.FullName, "plugins", "Acme"), host.DataFolder);

        Assert.True(Directory.Exists(host.DataFolder));
    }

    [Fact]
    public void Services_AskedForTwice_AreTheSame()
    {
        using var host = Host();

        Assert.Same(host.Http, host.Http);
        Assert.Same(host.Metrics, host.Metrics);
        Assert.Same(host.Metrics.Counter("a", ""), host.Metrics.Counter("a", "again"));
        Assert.Equal("{}", Encoding.UTF8.GetString(host.Settings.Span));
    }

    [Fact]
    public async Task Dispose_Everything_ThrowsOrDoesNothing()
    {
        var asked = Substitute.For<IPluginBackend>();
        var host = Host(asked);
        var (http, metrics, backend) = (host.Http, host.Metrics, host.Backend);
        var (counter, histogram) = (metrics.Counter("a", ""), metrics.Histogram("b", ""));
        counter.Add(1);

        host.Dispose();
        host.Dispose();
        counter.Add(1);
        histogram.Record(1);

        Assert.Equal(["bioproxy_plugin_custom_a_total 1 plugin=Acme"], _measured);
        Assert.Throws<ObjectDisposedException>(() => host.DataFolder);
        Assert.Throws<ObjectDisposedException>(() => host.Http);
        Assert.Throws<ObjectDisposedException>(() => host.Metrics);
        Assert.Throws<ObjectDisposedException>(() => metrics.Counter("c", ""));
        Assert.Throws<ObjectDisposedException>(() => metrics.Histogram("c", ""));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => backend.AskAsync(Question, CancellationToken.None).DefaultTimeout());
        Assert.Empty(asked.ReceivedCalls());
        await Assert.ThrowsAsync<ObjectDisposedException>(() => http.GetAsync(new Uri("http://localhost:1/")).DefaultTimeout());
    }

    [Fact]
    public async Task Dispose_WhileAQuestionRuns_CancelsIt()
    {
        var backend = Substitute.For<IPluginBackend>();
        backend.AskAsync(Question, Arg.Any<CancellationToken>()).Returns(async call =>
        {
            await Task.Delay(Timeout.Infinite, call.Arg<CancellationToken>());
            return new BackendAnswer(200, default);
        });
        var host = Host(backend);
        var asking = host.Backend.AskAsync(Question, CancellationToken.None);
        Assert.False(asking.IsCompleted);

        host.Dispose();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asking.DefaultTimeout());
    }

    [Fact]
    public async Task Ask_BeforeTheProxyRuns_SaysSo()
    {
        using var host = Host();

        await Assert.ThrowsAsync<BackendUnavailableException>(() =>
            host.Backend.AskAsync(Question, CancellationToken.None).DefaultTimeout());
    }

    [Fact]
    public void Metrics_OfTwoPlugins_ShareTheNameAndNotTheLabel()
    {
        using var first = Host(name: "A");
        using var second = Host(name: "B");

        first.Metrics.Counter("things", "x").Add(2);
        second.Metrics.Counter("things", "y").Add();
        first.Dispose();
        second.Metrics.Counter("things", "y").Add(3);
        second.Metrics.Histogram("took_seconds", "z").Record(0.5);

        Assert.Equal(
            ["bioproxy_plugin_custom_things_total 2 plugin=A", "bioproxy_plugin_custom_things_total 1 plugin=B",
                "bioproxy_plugin_custom_things_total 3 plugin=B", "bioproxy_plugin_custom_took_seconds 0.5 plugin=B"],
            _measured);
    }

    [Theory]
    [InlineData("")]
    [InlineData("A")]
    [InlineData("1a")]
    [InlineData("_a")]
    [InlineData("a-b")]
    [InlineData("a b")]
    [InlineData("a\n")]
    [InlineData("ä")]
    public void Metrics_WrongName_IsRefusedWithIt(string name)
    {
        using var host = Host();

        Assert.Contains($"'{name}'", Assert.Throws<ArgumentException>(() => host.Metrics.Counter(name, "")).Message,
            StringComparison.Ordinal);
        Assert.Contains($"'{name}'", Assert.Throws<ArgumentException>(() => host.Metrics.Histogram(name, "")).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Metrics_NameOfAnotherKind_IsRefused()
    {
        using var host = Host();
        host.Metrics.Counter("a", "");

        Assert.Throws<ArgumentException>(() => host.Metrics.Histogram("a", ""));
        Assert.Throws<ArgumentException>(() => host.Metrics.Histogram("a_total", ""));
    }

    [Theory]
    [InlineData("""{"greeting":"hi","times":2}""", null)]
    [InlineData("""{"greeting":"hi"}""", null)]
    [InlineData("""{}""", "plugins.Acme in the configuration cannot be used:", "'greeting'")]
    [InlineData("""{"greeting":"hi","times":"two"}""", "plugins.Acme.times in the configuration cannot be used:")]
    [InlineData("""{"greeting":"hi","nested":{"deep":[1,"x"]}}""", "plugins.Acme.nested.deep[1] in the configuration cannot be used:")]
    [InlineData("""{"greeting":null}""", "plugins.Acme.greeting in the configuration cannot be used:")]
    [InlineData("""{"greeting":"hi","tiems":2}""", "plugins.Acme.tiems in the configuration cannot be used:")]
    [InlineData("null", "plugins.Acme is null: it must be an object.")]
    [InlineData("[]", "plugins.Acme in the configuration cannot be used:")]
    public void ReadSettings_Wrong_NamesTheKey(string settings, string? begins, string? contains = null)
    {
        using var host = Host(settings: settings);
        if (begins is null)
        {
            Assert.Equal("hi", host.Read(HostTestJson.Default.Greeting).Text);
            return;
        }

        var thrown = Assert.Throws<PluginSettingsException>(() => host.Read(HostTestJson.Default.Greeting));

        Assert.StartsWith(begins, thrown.Message, StringComparison.Ordinal);
        Assert.Contains(contains ?? begins, thrown.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(" Path: ", thrown.Message, StringComparison.Ordinal);
    }

    private PluginHost Host(IPluginBackend? backend = null, string name = "Acme", string? settings = null) => new(name, new PluginFacilities
    {
        Options = new ProxyOptions
        {
            BaseDirectory = _state.FullName,
            StateDirectory = _state.FullName,
            PluginSettings = settings is null
                ? new Dictionary<string, ReadOnlyMemory<byte>>()
                : new() { [name] = Encoding.UTF8.GetBytes(settings) },
        },
        Loggers = NullLoggerFactory.Instance,
        Time = TimeProvider.System,
        Templates = Substitute.For<ITemplateLibrary>(),
        Metrics = _metrics,
        Backend = () => backend,
    });

    [JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
    internal sealed record Greeting
    {
        [JsonPropertyName("greeting")]
        public required string Text { get; init; }

        [JsonPropertyName("times")]
        public int Times { get; init; }

        [JsonPropertyName("nested")]
        public Dictionary<string, int[]>? Nested { get; init; }
    }

    [JsonSourceGenerationOptions(RespectNullableAnnotations = true)]
    [JsonSerializable(typeof(Greeting))]
    internal sealed partial class HostTestJson : JsonSerializerContext;
}
