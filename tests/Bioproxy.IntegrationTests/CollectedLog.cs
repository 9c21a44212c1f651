using System.Diagnostics;
using Microsoft.Extensions.Logging;

namespace Bioproxy.IntegrationTests;

/// <summary>Collects a proxy's log, for assertions and for the output of a failing test.</summary>
internal sealed class CollectedLog : ILoggerProvider
{
    private readonly Lock _lock = new();
    private readonly List<string> _lines = [];
    private readonly Stopwatch _watch = Stopwatch.StartNew();

    /// <summary>Is called after each line.</summary>
    public event Action? LineAdded;

    public IReadOnlyList<string> Lines
    {
        get
        {
            lock (_lock)
                return [.. _lines];
        }
    }

    public ILogger CreateLogger(string categoryName) => new Category(this, categoryName[(categoryName.LastIndexOf('.') + 1)..]);

    /// <summary>Does nothing: the log is also read after the proxy has ended.</summary>
    public void Dispose()
    {
    }

    private void Add(LogLevel level, string category, string message, Exception? exception)
    {
        var line = string.Create(
            System.Globalization.CultureInfo.InvariantCulture, $"{_watch.Elapsed.TotalSeconds,7:0.000} {level,-11} {category}: {message}");
        lock (_lock)
            _lines.Add(exception is null ? line : $"{line}\n{exception}");
        LineAdded?.Invoke();
    }

    private sealed class Category(CollectedLog log, string name) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull
            => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
            => log.Add(logLevel, name, formatter(state, exception), exception);
    }
}
