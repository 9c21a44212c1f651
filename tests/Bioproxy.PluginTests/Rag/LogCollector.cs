using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Bioproxy.PluginTests.Rag;

/// <summary>Keeps what was logged, and lets a test stop the work that logs.</summary>
internal sealed class LogCollector : ILogger
{
    public ConcurrentQueue<(LogLevel Level, string Message)> Lines { get; } = new();

    /// <summary>Called with each line, on the thread that logs.</summary>
    public Action<string>? OnLine { get; set; }

    public IEnumerable<string> Warnings => Lines.Where(line => line.Level >= LogLevel.Warning).Select(line => line.Message);

    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?,
        string> formatter)
    {
        var message = formatter(state, exception);
        Lines.Enqueue((logLevel, message));
        OnLine?.Invoke(message);
    }
}
