using Bioproxy.Host.Admin;
using Bioproxy.Host.Backends;
using Bioproxy.Host.Plugins;
using Bioproxy.Host.Templates;
using Bioproxy.Host.WarmUp;

namespace Bioproxy.UnitTests.Admin;

public sealed class HealthReportTests
{
    [Theory]
    [InlineData("Ready", "Ok")]
    [InlineData("Sleeping", "Ok")]
    [InlineData("Loading", "Down")]
    [InlineData("Unreachable", "Down")]
    [InlineData("Unknown", "Down")]
    public void Of_Backend_DecidesWhetherItServes(string backend, string expected)
    {
        var status = Enum.Parse<BackendStatus>(backend);

        var report = Report(status, problem: null, status == BackendStatus.Ready ? FakeProxyState.Model : null);

        Assert.Equal(expected, report.Status.ToString());
        Assert.Equal(expected == "Ok", report.Problems.Count == 0);
    }

    [Fact]
    public void Of_BackendsOwnProblem_ComesBeforeWhatIsMissing()
    {
        var report = Report(BackendStatus.Ready, "set backend_api_key", FakeProxyState.Model with { Missing = "something" });

        Assert.Equal(HealthStatus.Degraded, report.Status);
        Assert.Equal(["set backend_api_key"], report.Problems);
    }

    [Fact]
    public void Of_SeveralProblems_AreAllListedOnce()
    {
        var state = new FakeProxyState
        {
            RestoreDisabledReason = "no effect",
            Templates =
            [
                new TemplateStatus("@old", "old.txt", DateTimeOffset.UnixEpoch, "h", "old.txt does not exist."),
                new TemplateStatus("@fine", "fine.txt", DateTimeOffset.UnixEpoch, "h", null),
            ],
            WarmUps =
            [
                WarmUpStatus.Initial("@old") with { State = WarmUpState.Failed, Problem = "because of its file" },
                WarmUpStatus.Initial("@fine") with { State = WarmUpState.Failed, Problem = "the slot held 3 tokens" },
                WarmUpStatus.Initial("@later") with { State = WarmUpState.Waiting, Problem = "users go first" },
            ],
            Plugins =
            [
                new PluginStatus { Name = "Good", Path = "p", State = PluginState.Active },
                new PluginStatus { Name = "Bad", Path = "p", State = PluginState.Faulted, Problem = "It is not an assembly." },
            ],
        };
        state.SetReady();

        var report = HealthReport.Of(state);

        Assert.Equal(HealthStatus.Degraded, report.Status);
        Assert.Equal(
            [
                "Snapshot restore is disabled until the model changes: no effect.",
                "Template @old (an older version is in use): old.txt does not exist.",
                "Template @fine: the slot held 3 tokens",
                "Plugin Bad: It is not an assembly.",
            ],
            report.Problems);
    }

    private static HealthReport Report(BackendStatus status, string? problem, ModelSummary? model) =>
        HealthReport.Of(new FakeProxyState { Backend = new BackendSummary(FakeProxyState.Url, status, problem, model) });
}
