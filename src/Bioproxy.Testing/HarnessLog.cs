using Microsoft.Extensions.Logging;

namespace Bioproxy.Testing;

/// <summary>Keeps what the host and its plugins log.</summary>
internal sealed class HarnessLog : ILoggerProvider
{
    private readonly Lock _lock = new();
    private readonly List<string> _lines = [];

    public IReadOnlyList<string> Lines
    {
        get
        {
            lock (_lock)
                return [.. _lines];
        }
    }

    public ILogger CreateLogger(string categoryName) =>
        new Category(this, categoryName.StartsWith("Bioproxy.Host.", StringComparison.Ordinal)
            ? categoryName[(categoryName.LastIndexOf('.') + 1)..]
            : categoryName);

    /// <summary>Does nothing: the log is read after the host has stopped, too.</summary>
    public void Dispose()
    {
    }

    private void Add(string line)
    {
        lock (_lock)
            _lines.Add(line);
    }

    private sealed class Category(HarnessLog log, string name) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            log.Add($"{logLevel} {name}: {formatter(state, exception)}{(exception is null ? "" : Environment.NewLine + exception)}");
    }
}
