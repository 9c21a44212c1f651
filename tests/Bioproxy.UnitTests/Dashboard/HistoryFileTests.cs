using Bioproxy.Host.Dashboard.History;

namespace Bioproxy.UnitTests.Dashboard;

/// <summary>What is written to the history comes back, and the history keeps within its limits.</summary>
public sealed class HistoryFileTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("bioproxy-history-").FullName;

    private string FilePath => Path.Combine(_folder, "history.db");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Request_WrittenAndReadAfterAReopening_IsTheSame()
    {
        var whole = Records.Of(1, Records.Start) with { Conversation = new("c"), Error = "queue_full", Waited = 0.25 };
        var bare = Records.Of(2, Records.Start) with
        {
            Template = null,
            Result = null,
            CachedTokens = null,
            ComputedTokens = null,
            GeneratedTokens = null,
            FirstToken = null,
            IsStream = false,
        };
        using (var file = HistoryFile.Open(FilePath))
            file.Write(db => HistoryRows.Append(db, [whole, bare]));

        using var again = HistoryFile.Open(FilePath);
        Assert.Equal([whole, bare], again.Read(db => HistoryRows.Last(db, 10)));
        Assert.Equal([bare], again.Read(db => HistoryRows.Last(db, 1)));
    }

    [Fact]
    public void File_OnLinux_IsReadableByItsOwnerOnly()
    {
        using var file = HistoryFile.Open(FilePath);

        if (!OperatingSystem.IsWindows())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(FilePath));
    }

    [Theory]
    [InlineData("hour", 1)]
    [InlineData("day", 2)]
    [InlineData("all", 3)]
    public void Savings_OfAWindow_CountWhatIsInIt(string window, int requests)
    {
        using var file = HistoryFile.InMemory();
        file.Write(db => HistoryRows.Append(
            db,
            [
                Records.Of(1, Records.Start.AddDays(-3)),
                Records.Of(2, Records.Start.AddHours(-3)) with { Result = "cold", CachedTokens = 0, ComputedTokens = 1000, Saved = 0 },
                Records.Of(3, Records.Start.AddMinutes(-3)) with { Template = null, Model = "gemma" },
            ]));

        var report = file.Read(db => SavingsQuery.Read(db, SavingsWindow.Of(window), Records.Start));

        Assert.Equal(requests, report.Total.Sum.Requests);
        Assert.Equal(requests, report.Total.FirstTokens.Count);
        Assert.Equal(requests, report.Columns.Sum(column => column.Sum.Requests));
        Assert.Equal(requests, report.Models.Sum(model => model.Sum.Requests));
        Assert.Equal((1.5, 1.5, 3.0), (report.Saved["hour"], report.Saved["day"], report.Saved["all"]));
        Assert.Equal("", Assert.Single(report.Templates, template => template.Name.Length == 0).Name);
        Assert.Equal(Records.Start.AddDays(-3), report.Since);
    }

    [Fact]
    public void Prune_OldRequests_LeavesTheirSums()
    {
        using var file = HistoryFile.InMemory();
        file.Write(db => HistoryRows.Append(
            db, Enumerable.Range(0, 200).Select(number => Records.Of(number, Records.Start.AddDays(-200).AddDays(number)))));

        file.Write(db => HistoryRows.Prune(db, Records.Start.AddDays(-90), long.MaxValue, Records.Start));

        Assert.Equal(90, file.Read(db => HistoryRows.Last(db, 1000)).Count);
        var report = file.Read(db => SavingsQuery.Read(db, SavingsWindow.All, Records.Start));
        Assert.Equal(200, report.Total.Sum.Requests);
        Assert.Equal(300, report.Saved["all"], 3);
    }

    [Fact]
    public void Prune_TooManyBytes_RemovesTheOldest()
    {
        using var file = HistoryFile.Open(FilePath);
        file.Write(db => HistoryRows.Append(db, Enumerable.Range(0, 5000).Select(number => Records.Of(number, Records.Start))));

        file.Write(db => HistoryRows.Prune(db, Records.Start.AddDays(-1), 200_000, Records.Start));

        var left = file.Read(db => HistoryRows.Last(db, 10_000));
        Assert.InRange(left.Count, 1, 2000);
        Assert.Equal("r-4999", left[^1].Id);
        Assert.Equal(5000, file.Read(db => SavingsQuery.Read(db, SavingsWindow.All, Records.Start)).Total.Sum.Requests);
    }

    [Fact]
    public void Percentiles_OfKnownTimes_AreRight()
    {
        var of = Percentiles.Of(Enumerable.Range(1, 100).Select(number => (double)number));

        Assert.Equal(new Percentiles(100, 50, 90, 99), of);
        Assert.Null(Percentiles.Of([]).Median);
    }
}
