using System.Text;
using Microsoft.Extensions.Logging;

namespace Bioproxy.Host.Telemetry;

/// <summary>
/// The log. One thread writes all lines that have accumulated in one write. A request never waits for its line; when the output is not
/// read, lines are dropped and counted. (The framework's console logger writes every line by itself and makes the caller wait when 2,500
/// are pending: measured, a third of the proxy's throughput.)
/// </summary>
[ProviderAlias("Bioproxy")]
internal sealed class ConsoleLog : ILoggerProvider
{
    /// <summary>Characters that may be pending: about 20,000 lines.</summary>
    private const int PendingLimit = 2 * 1024 * 1024;

    /// <summary>How long lines are gathered; errors are written at once.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(2);

    [ThreadStatic]
    private static StringBuilder? _line;

    private readonly Stream _output;
    private readonly TimeProvider _time;
    private readonly ILogLineFormat _format;
    private readonly Lock _lock = new();
    private readonly ManualResetEventSlim _hasLines = new(false, spinCount: 0); // spinning would take time from requests
    private readonly ManualResetEventSlim _isUrgent = new(false, spinCount: 0);
    private readonly Thread _writer;
    private StringBuilder _pending = new();
    private StringBuilder _free = new();
    private int _dropped;
    private bool _isStopping;

    public ConsoleLog(Stream output, TimeProvider time, ILogLineFormat format)
    {
        _output = output;
        _time = time;
        _format = format;
        _writer = new Thread(WriteLines) { IsBackground = true, Name = "log" };
        _writer.Start();
    }

    public ILogger CreateLogger(string categoryName) => new Logger(this, categoryName);

    /// <summary>Writes what is pending, unless the output is not read.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            if (_isStopping)
                return;
            _isStopping = true;
        }

        _isUrgent.Set();
        _hasLines.Set();
        _writer.Join(StopLimit); // the events are left to the garbage collector: the thread may still be blocked in a write
    }

    private void Add(in LogEntry entry)
    {
        // Formatted outside the lock: the values of a message may be anybody's code.
        var line = _line ?? new StringBuilder(512);
        _line = null; // such code may log, too
        _format.Append(line, entry);
        Queue(line, entry.Level);
        _line = line.Clear();
    }

    private void Queue(StringBuilder line, LogLevel level)
    {
        lock (_lock)
        {
            if (_pending.Length > PendingLimit)
            {
                _dropped++;
                return;
            }

            _pending.Append(line);
        }

        if (level >= LogLevel.Error)
            _isUrgent.Set();
        if (!_hasLines.IsSet)
            _hasLines.Set();
    }

    private void WriteLines()
    {
        while (true)
        {
            _hasLines.Wait();
            _isUrgent.Wait(Pause);
            var (lines, isLast) = TakePending();
            try
            {
                foreach (var chunk in lines.GetChunks())
                    _output.Write(Encoding.UTF8.GetBytes(chunk.ToArray()));
                _output.Flush();
            }
            catch (Exception e) when (e is IOException or ObjectDisposedException)
            {
                // The reader of a pipe has gone away, and there is no other place for this message.
            }

            lines.Clear();
            if (isLast)
                return;
        }
    }

    private (StringBuilder Lines, bool IsLast) TakePending()
    {
        lock (_lock)
        {
            _hasLines.Reset();
            if (!_isStopping)
                _isUrgent.Reset();
            if (_dropped > 0)
                _format.Append(_pending, Dropped(_dropped));
            _dropped = 0;
            (_pending, _free) = (_free, _pending);
            return (_free, _isStopping);
        }
    }

    private LogEntry Dropped(int count) => new()
    {
        At = _time.GetLocalNow(),
        Level = LogLevel.Warning,
        Category = typeof(ConsoleLog).FullName!,
        Message = $"{count} log lines were dropped because the output was not read.",
    };

    private sealed class Logger(ConsoleLog log, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel != LogLevel.None;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            var message = formatter(state, exception);
            if (message.Length == 0 && exception is null)
                return;
            log.Add(new LogEntry
            {
                At = log._time.GetLocalNow(),
                Level = logLevel,
                Category = category,
                Message = message,
                Event = eventId,
                Fields = state as IReadOnlyList<KeyValuePair<string, object?>>,
                Exception = exception,
            });
        }
    }
}
