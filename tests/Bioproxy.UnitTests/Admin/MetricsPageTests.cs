using Bioproxy.Doubles;
using Bioproxy.UnitTests.Telemetry;

namespace Bioproxy.UnitTests.Admin;

/// <summary>What dashboards and alerts rely on: names, labels, HELP, TYPE and buckets of every metric, held by a file.</summary>
public sealed class MetricsPageTests : IAsyncDisposable
{
    private static readonly string Golden =
        Path.Combine(RepositoryFolder.Root!, "tests", "Bioproxy.UnitTests", "Admin", "metrics.golden.txt");

    private readonly AdminFixture _admin = new();

    public ValueTask DisposeAsync() => _admin.DisposeAsync();

    [Fact]
    public async Task Metrics_EverythingRecorded_IsTheGoldenFile()
    {
        EveryMetric.Record(_admin.Metrics);

        var (_, page) = await _admin.AskAsync("/metrics");

        Assert.Equal(Sorted(await File.ReadAllTextAsync(Golden)), Sorted(page));
    }

    [PromtoolFact]
    public async Task Metrics_EverythingRecorded_PromtoolHasNoComplaint()
    {
        EveryMetric.Record(_admin.Metrics);

        Assert.Equal("", await Promtool.CheckAsync((await _admin.AskAsync("/metrics")).Body));
    }

    /// <summary>The format gives the order of families and of their samples no meaning.</summary>
    private static string Sorted(string page)
    {
        var families = page.Split("# HELP ", StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal);
        return string.Concat(families.Select(family =>
        {
            var lines = family.Split('\n', StringSplitOptions.RemoveEmptyEntries);
            return string.Join('\n', [$"# HELP {lines[0]}", lines[1], .. lines[2..].Order(StringComparer.Ordinal), ""]);
        }));
    }
}
