using Microsoft.Extensions.Logging;

namespace Bioproxy.Host.Dashboard;

/// <summary>The last lines of the log that say what became of models, snapshots, templates and plugins: loads, evictions, saves, restores
/// and warm-ups. At these levels lines never hold a prompt or a header.</summary>
internal sealed class RecentLog(TimeProvider time) : ILoggerProvider
{
    private const int Kept = 40;

    private static readonly string[] Shown =
        ["Bioproxy.Host.Backends.", "Bioproxy.Host.Models.", "Bioproxy.Host.Plugins.", "Bioproxy.Host.Pool.", "Bioproxy.Host.Templates.",
            "Bioproxy.Host.WarmUp."];

    private readonly Lock _lock = new();
    private readonly Queue<RecentLine> _lines = new();

    /// <summary>The newest first.</summary>
    public IReadOnlyList<RecentLine> Lines
    {
        get
        {
            lock (_lock)
                return [.. _lines.Reverse()];
        }
    }

    public ILogger CreateLogger(string categoryName) =>
        new Category(Array.Exists(Shown, start => categoryName.StartsWith(start, StringComparison.Ordinal)) ? this : null);

    public void Dispose()
    {
    }

    private void Add(LogLevel level, string text)
    {
        lock (_lock)
        {
            _lines.Enqueue(new RecentLine(time.GetUtcNow(), level, text));
            if (_lines.Count > Kept)
                _lines.Dequeue();
        }
    }

    private sealed class Category(RecentLog? log) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => log is not null && logLevel >= LogLevel.Information;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel))
                log!.Add(logLevel, formatter(state, exception));
        }
    }
}
