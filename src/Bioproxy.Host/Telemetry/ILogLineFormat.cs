using System.Text;

namespace Bioproxy.Host.Telemetry;

/// <summary>How a log event is written. Called by many threads at once.</summary>
internal interface ILogLineFormat
{
    /// <summary>Appends the event, with a line feed at its end.</summary>
    void Append(StringBuilder to, in LogEntry entry);
}
