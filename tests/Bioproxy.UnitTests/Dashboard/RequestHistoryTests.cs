using Bioproxy.Doubles;
using Bioproxy.Host.Configuration;
using Bioproxy.Host.Dashboard.History;
using Bioproxy.Host.Http;
using Bioproxy.Host.Models.Snapshots;
using Bioproxy.Host.Requests;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;

namespace Bioproxy.UnitTests.Dashboard;

/// <summary>The history never stands in the way: it is written in the background, and a file that cannot be used is only said.</summary>
public sealed class RequestHistoryTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("bioproxy-history-").FullName;
    private ProxyOptions _options;

    public RequestHistoryTests() =>
        _options = new ProxyOptions { BaseDirectory = _folder, StateDirectory = Path.Combine(_folder, "state") };

    private string FilePath => Path.Combine(new StateFolder(_options).Path, RequestHistory.FileName);

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Requests_AfterARestart_AreInTheJournalAgain()
    {
        await using (var first = await Run.StartAsync(_options))
        {
            first.End(3);
            Assert.True(first.History.Lasts);
        }

        await using var second = await Run.StartAsync(_options);
        await second.RestoredAsync(3);
        second.End(1);

        Assert.Equal([1L, 0, -1, -2], second.Journal.After(long.MinValue).Select(record => record.Number));
        Assert.Equal(3, (await second.History.ReadAsync(SavingsWindow.All, CancellationToken.None)).Total.Sum.Requests);
    }

    [Fact]
    public async Task File_IsBroken_HistoryLastsAsLongAsTheProcess()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(FilePath)!);
        await File.WriteAllTextAsync(FilePath, new string('x', 5000));

        await using var run = await Run.StartAsync(_options);
        run.End(1);

        Assert.False(run.History.Lasts);
        Assert.Contains("not a database", run.History.Problem, StringComparison.Ordinal);
        Assert.Equal("day", (await run.History.ReadAsync(SavingsWindow.Day, CancellationToken.None)).Window.Name);
        Assert.Equal(new string('x', 5000), await File.ReadAllTextAsync(FilePath));
    }

    [Fact]
    public async Task File_IsLocked_HistoryLastsAsLongAsTheProcess()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(FilePath)!);
        using var other = HistoryFile.Open(FilePath);
        other.Read(db =>
        {
            Sql.Run(db, "PRAGMA journal_mode = DELETE; BEGIN EXCLUSIVE;");
            return 0;
        });

        await using var run = await Run.StartAsync(_options);

        Assert.False(run.History.Lasts);
        Assert.Contains("locked", run.History.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task History_TurnedOff_MakesNoFile()
    {
        _options = _options with { HistoryEnabled = false };

        await using var run = await Run.StartAsync(_options);

        Assert.False(run.History.Lasts);
        Assert.False(File.Exists(FilePath));
    }

    private sealed class Run : IAsyncDisposable
    {
        private Run(ProxyOptions options)
        {
            Journal = new RequestJournal(TimeProvider.System);
            History = new RequestHistory(
                Journal, new StateFolder(options), options, TimeProvider.System, NullLogger<RequestHistory>.Instance);
        }

        public RequestJournal Journal { get; }

        public RequestHistory History { get; }

        public static async Task<Run> StartAsync(ProxyOptions options)
        {
            var run = new Run(options);
            await run.History.StartAsync(CancellationToken.None).DefaultTimeout();
            await run.History.ReadAsync(SavingsWindow.Day, CancellationToken.None).DefaultTimeout(); // it is open
            return run;
        }

        public void End(int count)
        {
            for (var i = 0; i < count; i++)
            {
                var exchange = new Exchange(new ClientSink(new DefaultHttpContext()), Routes.Of("POST", "/v1/chat/completions"), 0);
                Journal.Ended(exchange);
            }
        }

        public Task RestoredAsync(int count) => Eventually.TrueAsync(
            () => Journal.After(long.MinValue).Count == count, Tolerances.Soon, $"{count} requests are back");

        public async ValueTask DisposeAsync()
        {
            await History.StopAsync(CancellationToken.None).DefaultTimeout();
            await History.ExecuteTask!.DefaultTimeout();
            History.Dispose();
        }
    }
}
