using System.Globalization;
using System.Text;
using Microsoft.Extensions.Logging;

namespace Bioproxy.Host.Telemetry;

/// <summary>One readable line per event: <c>11:02:33 warn  message</c>, an exception indented below it. No categories, no scopes.</summary>
/// <param name="hasColour">Whether the level is coloured.</param>
internal sealed class TextLine(bool hasColour) : ILogLineFormat
{
    private const string Plain = "\e[0m";

    public void Append(StringBuilder to, in LogEntry entry)
    {
        to.Append(CultureInfo.InvariantCulture, $"{entry.At:HH:mm:ss} ");
        var (word, code) = Appearance(entry.Level);
        _ = hasColour ? to.Append(code).Append(word).Append(Plain) : to.Append(word);
        to.Append(' ');
        AppendOneLine(to, entry.Message);
        if (entry.Exception is null)
            return;
        foreach (var line in entry.Exception.ToString().AsSpan().EnumerateLines())
        {
            to.Append("    ");
            AppendOneLine(to, line);
        }
    }

    // Words of equal width, so that the messages line up.
    private static (string Word, string Colour) Appearance(LogLevel level) => level switch
    {
        LogLevel.Trace => ("trace", "\e[90m"),
        LogLevel.Debug => ("debug", "\e[90m"),
        LogLevel.Information => ("info ", "\e[32m"),
        LogLevel.Warning => ("warn ", "\e[33m"),
        LogLevel.Error => ("error", "\e[31m"),
        _ => ("fatal", "\e[1;31m"),
    };

    // Text of a backend or a client may be part of a message: it must neither forge a second event nor control the terminal.
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
