using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.Extensions.Logging;

namespace Bioproxy.Host.Telemetry;

/// <summary>One JSON object a line, for log collectors.</summary>
internal sealed class JsonLine : ILogLineFormat
{
    private const string TemplateField = "{OriginalFormat}";

    // Log lines are never embedded in HTML; control characters are escaped all the same.
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    [ThreadStatic]
    private static ArrayBufferWriter<byte>? _buffer;

    public void Append(StringBuilder to, in LogEntry entry)
    {
        var buffer = _buffer ?? new ArrayBufferWriter<byte>(512);
        _buffer = null; // the values of a message may be anybody's code, which may log, too
        buffer.ResetWrittenCount();
        using (var writer = new Utf8JsonWriter(buffer, Options))
            Write(writer, entry);
        to.Append(Encoding.UTF8.GetString(buffer.WrittenSpan)).Append('\n');
        _buffer = buffer;
    }

    private static void Write(Utf8JsonWriter writer, in LogEntry entry)
    {
        writer.WriteStartObject();
        writer.WriteString("timestamp", entry.At.ToUniversalTime());
        writer.WriteString("level", Level(entry.Level));
        writer.WriteString("category", entry.Category);
        if (entry.Event != default)
        {
            writer.WriteNumber("event_id", entry.Event.Id);
            writer.WriteString("event", entry.Event.Name);
        }

        writer.WriteString("message", entry.Message);
        if (entry.Fields is { Count: > 0 } fields && (fields.Count > 1 || fields[0].Key != TemplateField))
            WriteFields(writer, fields);
        if (entry.Exception is { } exception)
            writer.WriteString("exception", exception.ToString());
        writer.WriteEndObject();
    }

    private static void WriteFields(Utf8JsonWriter writer, IReadOnlyList<KeyValuePair<string, object?>> fields)
    {
        writer.WriteStartObject("fields");
        for (var i = 0; i < fields.Count; i++)
        {
            var (name, value) = fields[i];
            if (name != TemplateField)
                WriteField(writer, name, value);
        }

        writer.WriteEndObject();
    }

    private static void WriteField(Utf8JsonWriter writer, string name, object? value)
    {
        switch (value)
        {
            case null:
                writer.WriteNull(name);
                break;
            case bool truth:
                writer.WriteBoolean(name, truth);
                break;
            case int number:
                writer.WriteNumber(name, number);
                break;
            case long number:
                writer.WriteNumber(name, number);
                break;
            case double number when double.IsFinite(number):
                writer.WriteNumber(name, number);
                break;
            default:
                writer.WriteString(name, Convert.ToString(value, CultureInfo.InvariantCulture));
                break;
        }
    }

    private static string Level(LogLevel level) => level switch
    {
        LogLevel.Trace => "trace",
        LogLevel.Debug => "debug",
        LogLevel.Information => "information",
        LogLevel.Warning => "warning",
        LogLevel.Error => "error",
        _ => "critical",
    };
}
