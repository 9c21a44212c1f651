using System.Text.Json;
using System.Text.RegularExpressions;
using Bioproxy.UnitTests.Admin;
using Bioproxy.UnitTests.Telemetry;

namespace Bioproxy.UnitTests.Readme;

/// <summary>docs/grafana.json and docs/alerts.yml name metrics that there are.</summary>
public sealed partial class MonitoringFilesTests
{
    /// <summary>Those of llama-server's page that the dashboard uses (build 11669).</summary>
    private static readonly string[] OfLlamaServer = ["llamacpp:prompt_tokens_total", "llamacpp:predicted_tokens_seconds"];

    private static readonly string Alerts = Path.Combine(Document.Root, "docs", "alerts.yml");

    [Fact]
    public async Task Dashboard_Metrics_AllExist()
    {
        using var dashboard = JsonDocument.Parse(
            await File.ReadAllTextAsync(Path.Combine(Document.Root, "docs", "grafana.json")));
        var panels = dashboard.RootElement.GetProperty("panels").EnumerateArray().ToList();
        var expressions = panels
            .Where(static panel => panel.TryGetProperty("targets", out _))
            .SelectMany(static panel => panel.GetProperty("targets").EnumerateArray())
            .Select(static target => target.GetProperty("expr").GetString()!)
            .ToList();

        Assert.True(expressions.Count > 20);
        Assert.Empty(NamesIn(expressions).Except(await KnownAsync()));
        Assert.Equal(panels.Count, panels.Select(static panel => panel.GetProperty("id").GetInt32()).Distinct().Count());
        Assert.Equal(
            ["datasource", "backend", "model"],
            dashboard.RootElement.GetProperty("templating").GetProperty("list").EnumerateArray()
                .Select(static variable => variable.GetProperty("name").GetString()));
    }

    [Fact]
    public async Task Alerts_Metrics_AllExist()
    {
        var lines = await File.ReadAllLinesAsync(Alerts);

        Assert.True(lines.Count(static line => line.Contains("- alert:", StringComparison.Ordinal)) > 8);
        Assert.Empty(NamesIn(lines).Except(await KnownAsync()));
    }

    [PromtoolFact]
    public async Task Alerts_PromtoolAcceptsThem() => Assert.Equal("", await Promtool.CheckRulesAsync(Alerts));

    private static IEnumerable<string> NamesIn(IEnumerable<string> expressions) =>
        expressions.SelectMany(static text => MetricName().Matches(text)).Select(static match => match.Value).Distinct();

    /// <summary>Every sample's name on the metrics page when everything was recorded, and the families of histograms.</summary>
    private static async Task<IReadOnlyCollection<string>> KnownAsync()
    {
        await using var admin = new AdminFixture();
        EveryMetric.Record(admin.Metrics);
        var (_, page) = await admin.AskAsync("/metrics");
        return
        [
            .. page.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(static line => line[0] != '#')
                .Select(static line => line.Split('{', ' ')[0]),
            .. page.Split('\n').Where(static line => line.StartsWith("# TYPE ", StringComparison.Ordinal))
                .Select(static line => line.Split(' ')[2]),
            .. OfLlamaServer,
        ];
    }

    [GeneratedRegex("(bioproxy|process)_[a-z_]+|llamacpp:[a-z_]+")]
    private static partial Regex MetricName();
}
