using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Bioproxy.Host.Admin;

/// <summary>How the admin port writes JSON: indented and in snake case.</summary>
internal static class AdminJson
{
    private static readonly JsonWriterOptions Options = new()
    {
        Indented = true,

        // These answers are never embedded in HTML, and \u0022 is hard to read in a shell.
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>One object with these members, followed by a line feed for the shell.</summary>
    /// <param name="members">Writes the members.</param>
    /// <param name="isIndented">For people; programs ask for long lists in the short form.</param>
    public static ReadOnlyMemory<byte> Document(Action<Utf8JsonWriter> members, bool isIndented = true)
    {
        var buffer = new ArrayBufferWriter<byte>(4 * 1024);
        WriteObject(buffer, members, isIndented);
        buffer.Write("\n"u8);
        return buffer.WrittenMemory;
    }

    /// <summary>One object with these members.</summary>
    public static void WriteObject(IBufferWriter<byte> buffer, Action<Utf8JsonWriter> members, bool isIndented)
    {
        using var writer = new Utf8JsonWriter(buffer, Options with { Indented = isIndented });
        writer.WriteStartObject();
        members(writer);
        writer.WriteEndObject();
    }

    /// <summary>An error in the shape of the OpenAI API, like every error of the proxy.</summary>
    public static ReadOnlyMemory<byte> Error(string code, string message, bool isServers = false) => Document(writer =>
    {
        writer.WriteStartObject("error");
        writer.WriteString("message", message);
        writer.WriteString("type", isServers ? "server_error" : "invalid_request_error");
        writer.WriteNull("param");
        writer.WriteString("code", code);
        writer.WriteString("src", "bioproxy");
        writer.WriteEndObject();
    });

    public static string Name<T>(T value)
        where T : struct, Enum => JsonNamingPolicy.SnakeCaseLower.ConvertName(value.ToString());

    public static void WriteObjects<T>(this Utf8JsonWriter writer, string name, IEnumerable<T> values, Action<T> members)
    {
        writer.WriteStartArray(name);
        foreach (var value in values)
        {
            writer.WriteStartObject();
            members(value);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    public static void WriteStrings(this Utf8JsonWriter writer, string name, IEnumerable<string> values)
    {
        writer.WriteStartArray(name);
        foreach (var value in values)
            writer.WriteStringValue(value);
        writer.WriteEndArray();
    }

    public static void WriteNumberOrNull(this Utf8JsonWriter writer, string name, int? value)
    {
        if (value is { } number)
            writer.WriteNumber(name, number);
        else
            writer.WriteNull(name);
    }

    public static void WriteTimeOrNull(this Utf8JsonWriter writer, string name, DateTimeOffset? value)
    {
        if (value is { } time)
            writer.WriteString(name, time);
        else
            writer.WriteNull(name);
    }

    public static void WriteSeconds(this Utf8JsonWriter writer, string name, TimeSpan value) =>
        writer.WriteNumber(name, Math.Round(value.TotalSeconds, 3));

    public static void WriteSecondsOrNull(this Utf8JsonWriter writer, string name, double? seconds)
    {
        if (seconds is { } known)
            writer.WriteSeconds(name, TimeSpan.FromSeconds(known));
        else
            writer.WriteNull(name);
    }
}
