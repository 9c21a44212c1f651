using System.Diagnostics.Metrics;
using System.Text.Json;
using System.Text.RegularExpressions;
using Bioproxy.Doubles;
using Bioproxy.Host.Admin;
using Bioproxy.Host.Http;
using Bioproxy.Host.Prompts;
using Bioproxy.Host.WarmUp;
using Bioproxy.UnitTests.Admin;

namespace Bioproxy.UnitTests.Readme;

/// <summary>docs/operations.md, and what other documents say of metrics and the admin port, against the code.</summary>
public sealed partial class OperationsDocumentTests
{
    private static readonly Document Page = Document.Of("docs/operations.md");

    [Fact]
    public async Task Metrics_Table_HasEveryInstrumentWithItsType()
    {
        var instruments = await InstrumentsAsync();

        var written = Page.Rows("Metric").Select(row => (row[0].Trim('`'), row[1])).Order();

        Assert.Equal(instruments.Select(instrument => (instrument.Name, Type(instrument))).Order(), written);
    }

    [Fact]
    public async Task Metrics_NamedInAnyDocument_Exist()
    {
        var known = (await InstrumentsAsync()).Select(instrument => instrument.Name).ToList();
        var named = Document.All.SelectMany(document => document.Spans)
            .SelectMany(span => MetricName().Matches(span))
            .Select(match => match.Value);

        // The Go original had the first one; docs/migrating.md says what replaces it. Plugins make the others.
        string[] others = ["bioproxy_requests_count", "bioproxy_plugin_custom_"];
        var unknown = named.Except(others).Where(name => !known.Any(metric => IsMeant(name, metric)));

        Assert.Empty(unknown);
    }

    [Fact]
    public async Task AdminRequests_NamedInAnyDocument_AreAnswered()
    {
        await using var admin = new AdminFixture();
        var (_, unknown) = await admin.AskAsync("/there-is-no-such-page");
        var named = Document.All.SelectMany(document => document.Spans)
            .Select(span => AdminRequest().Match(span))
            .Where(match => match.Success)
            .ToList();

        foreach (var request in named)
        {
            var path = Placeholder().Replace(request.Groups["path"].Value, "x");
            var (response, body) = await admin.AskAsync(path, request.Groups["method"].Value, "application/json").DefaultTimeout();

            Assert.NotEqual(405, response.StatusCode);
            Assert.NotEqual(unknown, body);
        }

        Assert.NotEmpty(named);
    }

    [Fact]
    public async Task AdminTable_Requests_AreAllThatTheOverviewLists()
    {
        await using var admin = new AdminFixture();
        var (_, overview) = await admin.AskAsync("/");
        var written = Page.Rows("Request").SelectMany(row => Document.SpansOf(row[0])).ToList();

        Assert.Empty(OverviewRequest().Matches(overview).Select(match => match.Value).Except(written));
    }

    [Fact]
    public async Task HealthExample_Members_AreThoseOfTheAnswer()
    {
        await using var admin = new AdminFixture();
        var block = Page.Blocks.Single(block => block.Language == "json");
        using var example = JsonDocument.Parse(block.Text);

        var (_, answer) = await admin.AskJsonAsync(block.About.Split(' ')[1]);

        Assert.Equal(MembersOf(answer), MembersOf(example.RootElement));
    }

    [Fact]
    public void Health_Words_AreThoseOfTheCode() =>
        Assert.Empty(Enum.GetValues<HealthStatus>().Select(AdminJson.Name).Except(Document.SpansOf(Page.Paragraph("`status` is"))));

    [Fact]
    public void TemplateStates_AreThoseOfTheCode() =>
        Assert.Equal(
            Enum.GetValues<WarmUpState>().Select(AdminJson.Name).Order(StringComparer.Ordinal),
            Document.SpansOf(Page.Paragraph("A template's `state`")).Skip(1).Order(StringComparer.Ordinal));

    [Fact]
    public void MissCauses_AreThoseOfTheCode() => Assert.Equal(
        Enum.GetValues<MissCause>().Select(AdminJson.Name).Order(StringComparer.Ordinal),
        Page.Rows("Cause").SelectMany(row => Document.SpansOf(row[0])).Order(StringComparer.Ordinal));

    /// <summary>A status may be ahead of the code while its row carries the mark for new ones.</summary>
    [Fact]
    public void ErrorTable_Codes_AreThoseOfTheCode()
    {
        var rows = Page.Rows("Status").ToList();
        var pending = rows.Where(row => row[1].Contains(Document.NewMark, StringComparison.Ordinal)).Select(row => row[0]).ToHashSet();
        var written = rows.SelectMany(row => Document.SpansOf(row[1]), (row, code) => (Status: row[0], Code: code))
            .Where(row => !pending.Contains(row.Status));

        var known = Enum.GetValues<FailureKind>()
            .Select(kind => new ProxyFailure(kind, ""))
            .Select(failure => (Status: $"{failure.Status}", failure.Code))
            .Where(row => !pending.Contains(row.Status));

        Assert.Equal(known.Distinct().Order(), written.Order());
    }

    /// <summary>A family is named by its beginning: <c>bioproxy_warmup_…</c>.</summary>
    private static bool IsMeant(string name, string metric) =>
        metric == name || (name.EndsWith('_') && metric.StartsWith(name, StringComparison.Ordinal));

    private static async Task<IReadOnlyList<Instrument>> InstrumentsAsync()
    {
        await using var admin = new AdminFixture();
        var instruments = new List<Instrument>();
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, _) =>
        {
            if (ReferenceEquals(instrument.Meter, admin.Metrics.Meter))
                instruments.Add(instrument);
        };
        listener.Start();
        return instruments;
    }

    private static string Type(Instrument instrument) => instrument.GetType().Name.Split('`')[0] switch
    {
        "Counter" or "ObservableCounter" => "counter",
        "Histogram" => "histogram",
        _ => "gauge",
    };

    private static IEnumerable<string> MembersOf(JsonElement json, string path = "") => json.ValueKind switch
    {
        JsonValueKind.Object => json.EnumerateObject()
            .SelectMany(member => MembersOf(member.Value, $"{path}.{member.Name}").Prepend($"{path}.{member.Name}")),
        JsonValueKind.Array when json.GetArrayLength() > 0 => MembersOf(json[0], path + "[]"),
        _ => [],
    };

    [GeneratedRegex("bioproxy_[a-z_]+")]
    private static partial Regex MetricName();

    [GeneratedRegex(@"^(?<method>GET|POST) (?<path>/\S*)$")]
    private static partial Regex AdminRequest();

    [GeneratedRegex(@"\{[a-z-]+\}")]
    private static partial Regex Placeholder();

    [GeneratedRegex(@"(GET|POST) /[^\s]*")]
    private static partial Regex OverviewRequest();
}
