using Bioproxy.Host.Dashboard;
using Microsoft.Extensions.Logging;

namespace Bioproxy.UnitTests.Dashboard;

/// <summary>The page shows what became of models and snapshots, and nothing of requests.</summary>
public sealed class RecentLogTests
{
    [Fact]
    public void Lines_OfModelsAtInformation_AreKeptTheNewestFirst()
    {
        using var log = new RecentLog(new FakeTimeProvider());
        using var factory = new LoggerFactory([log], new LoggerFilterOptions { MinLevel = LogLevel.Trace });
        var model = factory.CreateLogger("Bioproxy.Host.Models.Snapshots.SnapshotStore");

        for (var i = 0; i < 50; i++)
            model.LogInformation("Snapshot {Number} was removed", i);
        model.LogDebug("a prompt may stand here");
        factory.CreateLogger("Bioproxy.Host.Requests.RequestPath").LogInformation("a request");

        Assert.Equal(40, log.Lines.Count);
        Assert.Equal("Snapshot 49 was removed", log.Lines[0].Text);
    }
}
