using Microsoft.Extensions.Logging;

namespace Bioproxy.PluginTests;

/// <summary>Keeps every line that is logged, at any level.</summary>
internal sealed class LogLines : ILogger
{
    public List<(LogLevel Level, string Text)> Lines { get; } = [];

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?,
        string> formatter) =>
        Lines.Add((logLevel, $"{formatter(state, exception)}{exception}"));
}
