using Bioproxy.Host.Admin;
using Bioproxy.Host.Backends;
using Bioproxy.Host.Plugins;
using Bioproxy.Host.Templates;
using Bioproxy.Host.WarmUp;

namespace Bioproxy.UnitTests.Admin;

public sealed class HealthReportTests
{
    private static readonly BackendFacts Complete = new() { IsLlamaServer = true, TotalSlots = 2, CanReadSlots = true, CanSaveSlots = true };

    [Theory]
    [InlineData("Ready", "Ok")]
    [InlineData("Sleeping", "Ok")]
    [InlineData("Loading", "Down")]
    [InlineData("Unreachable", "Down")]
    [InlineData("Unknown", "Down")]
    public void Of_Backend_DecidesWhetherItServes(string backend, string expected)
    {
        var status = Enum.Parse<BackendStatus>(backend);

        var report = Report(new BackendState(1, status, status == BackendStatus.Ready ? Complete : null, null));

        Assert.Equal(expected, report.Status.ToString());
        Assert.Equal(expected == "Ok", report.Problems.Count == 0);
    }

    [Fact]
    public void Of_BackendsOwnProblem_ComesBeforeWhatIsMissing()
    {
        var report = Report(new BackendState(1, BackendStatus.Ready, new BackendFacts(), "set backend_api_key"));

        Assert.Equal(HealthStatus.Degraded, report.Status);
        Assert.Equal(["set backend_api_key"], report.Problems);
    }

    [Fact]
    public void Of_SeveralProblems_AreAllListedOnce()
    {
        var report = HealthReport.Of(
            new BackendState(1, BackendStatus.Ready, Complete, null),
            "no effect",
            [
                new TemplateStatus("@old", "old.txt", DateTimeOffset.UnixEpoch, "h", "old.txt does not exist."),
                new TemplateStatus("@fine", "fine.txt", DateTimeOffset.UnixEpoch, "h", null),
            ],
            [
                WarmUpStatus.Initial("@old") with { State = WarmUpState.Failed, Problem = "because of its file" },
                WarmUpStatus.Initial("@fine") with { State = WarmUpState.Failed, Problem = "the slot held 3 tokens" },
                WarmUpStatus.Initial("@later") with { State = WarmUpState.Waiting, Problem = "users go first" },
            ],
            [
                new PluginStatus { Name = "Good", Path = "p", State = PluginState.Active },
                new PluginStatus { Name = "Bad", Path = "p", State = PluginState.Faulted, Problem = "It is no assembly." },
            ]);

        Assert.Equal(HealthStatus.Degraded, report.Status);
        Assert.Equal(
            [
                "Restoring is switched off until the model changes: no effect.",
                "Template @old (an older version stays in use): old.txt does not exist.",
                "Template @fine: the slot held 3 tokens",
                "Plugin Bad: It is no assembly.",
            ],
            report.Problems);
    }

    private static HealthReport Report(BackendState backend) => HealthReport.Of(backend, null, [], [], []);
}
