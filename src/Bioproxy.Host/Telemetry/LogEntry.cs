using Microsoft.Extensions.Logging;

namespace Bioproxy.Host.Telemetry;

/// <summary>One log event.</summary>
internal readonly record struct LogEntry
{
    public required DateTimeOffset At { get; init; }

    public required LogLevel Level { get; init; }

    public required string Category { get; init; }

    public required string Message { get; init; }

    public EventId Event { get; init; }

    /// <summary>The values of the message's placeholders; null when there are none.</summary>
    public IReadOnlyList<KeyValuePair<string, object?>>? Fields { get; init; }

    public Exception? Exception { get; init; }
}
