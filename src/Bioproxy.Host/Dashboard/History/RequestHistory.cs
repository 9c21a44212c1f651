using System.Threading.Channels;
using Bioproxy.Host.Configuration;
using Bioproxy.Host.Models.Snapshots;
using Bioproxy.Host.Requests;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Bioproxy.Host.Dashboard.History;

/// <summary>
/// Keeps requests beyond the end of the process, in a database in the state folder. It is written in the background, some seconds' requests
/// at once; a request's path only puts them into a queue, which drops the oldest when it is full. Where the file cannot be used the same is
/// kept in memory.
/// </summary>
internal sealed partial class RequestHistory : BackgroundService
{
    public const string FileName = "history.db";

    private const int LargestBatch = 1000;
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan PruneInterval = TimeSpan.FromHours(1);

    private readonly Channel<RequestRecord> _incoming = Channel.CreateBounded<RequestRecord>(
        new BoundedChannelOptions(20_000) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true });
    private readonly TaskCompletionSource<HistoryFile> _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly RequestJournal _journal;
    private readonly StateFolder _folder;
    private readonly ProxyOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger<RequestHistory> _logger;
    private volatile string? _problem;

    public RequestHistory(
        RequestJournal journal, StateFolder folder, ProxyOptions options, TimeProvider time, ILogger<RequestHistory> logger)
    {
        (_journal, _folder, _options, _time, _logger) = (journal, folder, options, time, logger);
        journal.Subscribe(record => _incoming.Writer.TryWrite(record));
    }

    /// <summary>It survives a restart.</summary>
    public bool Lasts { get; private set; }

    /// <summary>Why it does not, or why the last requests could not be written; null for no reason.</summary>
    public string? Problem => _problem;

    /// <summary>What was saved within a span of time.</summary>
    public async Task<SavingsReport> ReadAsync(SavingsWindow window, CancellationToken cancellationToken)
    {
        var file = await _opened.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
        return await Task.Run(() => file.Read(db => SavingsQuery.Read(db, window, _time.GetUtcNow())), cancellationToken)
            .ConfigureAwait(false);
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        _incoming.Writer.TryComplete();
        await base.StopAsync(cancellationToken).ConfigureAwait(false);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Yield(); // opening a file must not delay the start
        using var file = Open();
        Lasts = file.Lasts;
        _opened.TrySetResult(file);
        try
        {
            _journal.Restore(file.Read(db => HistoryRows.Last(db, RequestJournal.Kept)));
            await WriteAllAsync(file, stoppingToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is SqliteException or InvalidCastException)
        {
            Report(e.Message);
        }
    }

    private async Task WriteAllAsync(HistoryFile file, CancellationToken stopping)
    {
        var pruned = long.MinValue;
        while (await _incoming.Reader.WaitToReadAsync(CancellationToken.None).ConfigureAwait(false))
        {
            await Task.Delay(Pause, _time, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            var batch = new List<RequestRecord>();
            while (batch.Count < LargestBatch && _incoming.Reader.TryRead(out var record))
                batch.Add(record);
            var now = _time.GetUtcNow();
            var prunes = pruned == long.MinValue || _time.GetElapsedTime(pruned) >= PruneInterval;
            try
            {
                file.Write(db => HistoryRows.Append(db, batch));
                if (prunes)
                    Prune(file, now);
                _problem = file.Lasts ? null : _problem;
            }
            catch (SqliteException e)
            {
                Report($"the last requests could not be written: {e.Message}");
            }

            if (prunes)
                pruned = _time.GetTimestamp();
        }
    }

    private void Prune(HistoryFile file, DateTimeOffset now)
    {
        file.Write(db => HistoryRows.Prune(db, now - _options.HistoryMaxAge, _options.HistoryMaxBytes, now));
        file.Read(db => Sql.Number(db, "PRAGMA incremental_vacuum(2000)"));
    }

    private HistoryFile Open()
    {
        if (!_options.HistoryEnabled)
        {
            _problem = "history.enabled is false in the configuration";
            return HistoryFile.InMemory();
        }

        var path = Path.Combine(_folder.Path, FileName);
        try
        {
            _folder.Create();
            return HistoryFile.Open(path);
        }
        catch (Exception e) when (e is SqliteException or IOException or UnauthorizedAccessException)
        {
            LogUnusable(path, e.Message);
            _problem = $"{path} cannot be used: {e.Message}";
            return HistoryFile.InMemory();
        }
    }

    private void Report(string problem)
    {
        if (_problem != problem)
            LogFailed(problem);
        _problem = problem;
    }

    [LoggerMessage(LogLevel.Warning,
        "The history of requests cannot be kept in {Path} ({Reason}); it lasts until the proxy stops. Remove the file, or move it away.")]
    private partial void LogUnusable(string path, string reason);

    [LoggerMessage(LogLevel.Warning, "The history of requests is incomplete: {Problem}")]
    private partial void LogFailed(string problem);
}
