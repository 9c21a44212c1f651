using Microsoft.Extensions.Logging;

namespace Bioproxy.Rag;

/// <summary>The index of the folders, built in the background and kept up to date: a request triggers a check of the files, at most every
/// two seconds, and only those that changed are read again.</summary>
internal sealed partial class LiveIndex(RagSettings settings, TimeProvider time, ILogger logger)
{
    public static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(2);

    // A request may spend two seconds in plugins by default: slightly outdated files are better than no answer.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private readonly ILogger _logger = logger;
    private readonly FolderWalk _walk = new(settings);
    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _stop = new();
    private Task? _look;
    private long _lookedAt;

    // Only used by the check in progress.
    private Dictionary<string, KnownFile> _files = new(StringComparer.Ordinal);
    private HashSet<string> _reported = new(StringComparer.Ordinal);

    private volatile PassageIndex? _current;

    /// <summary>The index after a check of the files; after a second, the index from before the check.</summary>
    /// <exception cref="InvalidOperationException">There is none yet.</exception>
    public async ValueTask<PassageIndex> CurrentAsync(CancellationToken cancellationToken)
    {
        try
        {
            await Look().WaitAsync(Patience, time, cancellationToken);
        }
        catch (TimeoutException) when (_current is not null)
        {
            LogSlow();
        }
        catch (TimeoutException)
        {
            // reported below
        }

        return _current ?? throw new InvalidOperationException("The files that /rag searches are still being read for the first time: "
            + "ask again in a moment.");
    }

    /// <summary>Checks the files in the background, unless that has just been done.</summary>
    /// <returns>The check in progress, or the last one. It never fails.</returns>
    public Task Look()
    {
        lock (_lock)
        {
            if (_look is null || (_look.IsCompleted && time.GetElapsedTime(_lookedAt) >= LookEvery))
            {
                _lookedAt = time.GetTimestamp();
                _look = Task.Run(LookFenced, CancellationToken.None);
            }

            return _look;
        }
    }

    /// <summary>Ends the background work. The index must not be used any more.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stop.CancelAsync();
        Task? look;
        lock (_lock)
            look = _look;
        if (look is not null)
            await look.WaitAsync(cancellationToken);
        _stop.Dispose();
    }

    private void LookFenced()
    {
        try
        {
            LookAtFiles(_stop.Token);
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // the plugin stops
        }
        catch (Exception e)
        {
            // A failure must not end the background work; the next request triggers another attempt.
            LogFailed(e);
        }
    }

    private void LookAtFiles(CancellationToken stop)
    {
        var problems = new HashSet<string>(StringComparer.Ordinal);
        var vocabulary = new HashSet<string>(StringComparer.Ordinal);
        var files = new Dictionary<string, KnownFile>(StringComparer.Ordinal);
        var order = new List<FileIndex>();
        var hasChanged = false;
        var listed = _walk.Find(problems, stop);
        LogLooking(listed.Count);
        foreach (var found in listed)
        {
            stop.ThrowIfCancellationRequested();
            var former = _files.GetValueOrDefault(found.Path);
            var file = former?.Stamp == found.Stamp ? former : Read(found, vocabulary);
            hasChanged |= file.Index != former?.Index;
            files[found.Path] = file;
            order.Add(file.Index);
            if (file.Problem is not null)
                problems.Add(file.Problem);
        }

        if (_current is null || hasChanged || files.Count != _files.Count)
            Publish(new PassageIndex(order), files.Count);
        _files = files;
        Report(problems);
    }

    private void Publish(PassageIndex index, int files)
    {
        var isFirst = _current is null;
        _current = index;
        if (isFirst)
            LogRead(files, index.Count);
        else
            LogReadAgain(files, index.Count);
    }

    private KnownFile Read(FoundFile file, HashSet<string> vocabulary)
    {
        try
        {
            var (text, problem) = TextFile.Read(file.Path, settings.MaxFileBytes);
            if (text is null)
                return new KnownFile(file.Stamp, FileIndex.Empty, problem);
            var isMarkdown = Path.GetExtension(file.Path).ToUpperInvariant() is ".MD" or ".MARKDOWN" or ".MDX";
            var passages = Chunker.Split(file.Source, text, isMarkdown, settings.ChunkCharacters);
            return new KnownFile(file.Stamp, FileIndex.Of(passages, vocabulary), null);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new KnownFile(null, FileIndex.Empty, $"{file.Path} cannot be read and is not searched: {e.Message}");
        }
    }

    // A problem is logged when it appears, not in every check.
    private void Report(HashSet<string> problems)
    {
        foreach (var problem in problems)
        {
            if (!_reported.Contains(problem))
                LogProblem(problem);
        }

        _reported = problems;
    }

    [LoggerMessage(Level = LogLevel.Trace, Message = "/rag looks for changes in {Files} files")]
    private partial void LogLooking(int files);

    [LoggerMessage(Level = LogLevel.Information, Message = "/rag searches {Files} files with {Passages} passages")]
    private partial void LogRead(int files, int passages);

    [LoggerMessage(Level = LogLevel.Debug, Message = "/rag has seen changes, and searches {Files} files with {Passages} passages")]
    private partial void LogReadAgain(int files, int passages);

    [LoggerMessage(Level = LogLevel.Warning, Message = "/rag: {Problem}")]
    private partial void LogProblem(string problem);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "/rag: looking for changed files takes long; this question is answered with the files as they were before")]
    private partial void LogSlow();

    [LoggerMessage(Level = LogLevel.Error, Message = "/rag: looking for changed files failed; the next question has it tried again")]
    private partial void LogFailed(Exception exception);
}
