using System.Globalization;
using System.Text;
using Microsoft.Extensions.Logging;

namespace Bioproxy.Host.Telemetry;

/// <summary>One line an event for a person to read: <c>11:02:33 warn  message</c>, an exception indented below it. No categories, no scopes.</summary>
internal static class ReadableLine
{
    private const string Plain = "\e[0m";

    public static void Append(StringBuilder to, DateTimeOffset at, LogLevel level, string message, Exception? exception, bool colour)
    {
        to.Append(CultureInfo.InvariantCulture, $"{at:HH:mm:ss} ");
        var (word, code) = Appearance(level);
        _ = colour ? to.Append(code).Append(word).Append(Plain) : to.Append(word);
        to.Append(' ');
        AppendOneLine(to, message);
        if (exception is null)
            return;
        foreach (var line in exception.ToString().AsSpan().EnumerateLines())
        {
            to.Append("    ");
            AppendOneLine(to, line);
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
    private static void AppendOneLine(StringBuilder to, ReadOnlySpan<char> message)
    {
        if (!message.ContainsAnyInRange('\u0000', '\u001f') && !message.ContainsAnyInRange('\u007f', '\u009f'))
        {
            to.Append(message).Append('\n');
            return;
        }

        foreach (var character in message)
        {
            _ = character switch
            {
                '\n' => to.Append("\\n"),
                '\r' => to.Append("\\r"),
                '\t' => to.Append(' '),
                _ when char.IsControl(character) => to.Append(CultureInfo.InvariantCulture, $"\\x{(int)character:x2}"),
                _ => to.Append(character),
            };
        }

        to.Append('\n');
    }
}
