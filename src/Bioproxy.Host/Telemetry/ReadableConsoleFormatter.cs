using System.Globalization;
using System.Text;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;

namespace Bioproxy.Host.Telemetry;

/// <summary>One line an event for a person to read: <c>11:02:33 warn  message</c>, an exception indented below it. No categories, no scopes.</summary>
internal sealed class ReadableConsoleFormatter(TimeProvider time, bool colour) : ConsoleFormatter(FormatterName)
{
    public const string FormatterName = "bioproxy";

    private const string Plain = "\e[0m";

    public override void Write<TState>(in LogEntry<TState> logEntry, IExternalScopeProvider? scopeProvider, TextWriter textWriter)
    {
        var message = logEntry.Formatter(logEntry.State, logEntry.Exception);
        if (string.IsNullOrEmpty(message) && logEntry.Exception is null)
            return;

        textWriter.Write(time.GetLocalNow().ToString("HH:mm:ss", CultureInfo.InvariantCulture));
        textWriter.Write(' ');
        var (word, code) = Appearance(logEntry.LogLevel);
        textWriter.Write(colour ? $"{code}{word}{Plain}" : word);
        textWriter.Write(' ');
        textWriter.Write(OneLine(message));
        textWriter.Write('\n');
        if (logEntry.Exception is { } exception)
            WriteIndented(exception.ToString(), textWriter);
    }

    private static void WriteIndented(string exception, TextWriter textWriter)
    {
        foreach (var line in exception.AsSpan().EnumerateLines())
        {
            textWriter.Write("    ");
            textWriter.Write(OneLine(line.ToString()));
            textWriter.Write('\n');
        }
    }

    // Words of one width, so that the messages stand below each other.
    private static (string Word, string Colour) Appearance(LogLevel level) => level switch
    {
        LogLevel.Trace => ("trace", "\e[90m"),
        LogLevel.Debug => ("debug", "\e[90m"),
        LogLevel.Information => ("info ", "\e[32m"),
        LogLevel.Warning => ("warn ", "\e[33m"),
        LogLevel.Error => ("error", "\e[31m"),
        _ => ("fatal", "\e[1;31m"),
    };

    // A backend's or client's text may end up in a message: it must neither fake a second event nor steer the terminal.
    private static string OneLine(string message)
    {
        if (!message.AsSpan().ContainsAnyInRange('\u0000', '\u001f') && !message.AsSpan().ContainsAnyInRange('\u007f', '\u009f'))
            return message;

        var text = new StringBuilder(message.Length + 16);
        foreach (var character in message)
        {
            text = character switch
            {
                '\n' => text.Append("\\n"),
                '\r' => text.Append("\\r"),
                '\t' => text.Append(' '),
                _ when char.IsControl(character) => text.Append(CultureInfo.InvariantCulture, $"\\x{(int)character:x2}"),
                _ => text.Append(character),
            };
        }

        return text.ToString();
    }
}
