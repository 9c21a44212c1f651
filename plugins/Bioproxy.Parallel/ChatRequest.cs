using System.Buffers;
using System.Runtime.InteropServices;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Bioproxy.Parallel;

/// <summary>A chat request as the client sent it, from which the variants' and the judge's requests are made.</summary>
/// <remarks>
/// All members that are not named here are forwarded byte for byte. Thread-safe. It reads the memory it was created from, which
/// must stay valid.
/// </remarks>
internal sealed class ChatRequest : IDisposable
{
    private static readonly JsonDocumentOptions Reading = new() { MaxDepth = int.MaxValue };

    private static readonly JsonWriterOptions Writing = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        MaxDepth = int.MaxValue,
    };

    // Several answers, a stream or a pinned slot make no sense for one part of the work. A tool call has no text that could be
    // merged and could not be passed to the client, so the model is offered no tools.
    private static readonly string[] LeftOut =
    [
        "stream", "stream_options", "return_progress", "n", "n_cmpl", "id_slot",
        "tools", "tool_choice", "parallel_tool_calls", "functions", "function_call",
    ];

    private readonly JsonDocument _document;
    private readonly JsonElement _messages;
    private readonly int _length;

    // The part of the last message with the question: its index in the content array, -1 when the content is a string.
    private readonly int _part;

    private ChatRequest(JsonDocument document, int length, JsonElement messages, int part, string question)
    {
        _document = document;
        _length = length;
        _messages = messages;
        _part = part;
        Question = question;
    }

    /// <summary>The text of the last user message; its last text part if there are several.</summary>
    public string Question { get; }

    /// <summary>The client's seed; null if there is none or it means "any" (-1).</summary>
    public long? Seed =>
        Root.TryGetProperty("seed", out var seed) && seed.ValueKind == JsonValueKind.Number && seed.TryGetInt64(out var value)
            && value >= 0
            ? value
            : null;

    private JsonElement Root => _document.RootElement;

    /// <summary>Reads a request; null unless it ends with a user message that has text.</summary>
    public static ChatRequest? Read(ReadOnlyMemory<byte> body)
    {
        JsonDocument? document = null;
        ChatRequest? request = null;
        try
        {
            document = JsonDocument.Parse(body, Reading);
            request = Read(document, body.Length);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // not JSON, or invalid Unicode: nothing can be appended to it
        }

        if (request is null)
            document?.Dispose();
        return request;
    }

    /// <summary>One variant's request.</summary>
    public byte[] Variant(long seed, string? instruction, double? temperature) => Write(writer =>
    {
        WriteOthers(writer, temperature is null ? ["seed"] : ["seed", "temperature"]);
        writer.WriteBoolean("stream", false);
        writer.WriteNumber("seed", seed);
        if (temperature is { } value)
            writer.WriteNumber("temperature", value);
        WriteMessages(writer, instruction is null ? Question : $"{Question}\n\n{instruction}");
    });

    /// <summary>The judge's request: the conversation with the judge's prompt instead of the question.</summary>
    public byte[] Judge(string prompt) => Write(writer =>
    {
        WriteOthers(writer, []);
        writer.WriteBoolean("stream", true);
        WriteMessages(writer, prompt);
    });

    public void Dispose() => _document.Dispose();

    private static ChatRequest? Read(JsonDocument document, int length)
    {
        if (document.RootElement.ValueKind != JsonValueKind.Object
            || !document.RootElement.TryGetProperty("messages", out var messages) || messages.ValueKind != JsonValueKind.Array
            || messages.GetArrayLength() == 0)
            return null;
        var last = messages[messages.GetArrayLength() - 1];
        if (last.ValueKind != JsonValueKind.Object
            || !last.TryGetProperty("role", out var role) || role.ValueKind != JsonValueKind.String || role.GetString() != "user"
            || !last.TryGetProperty("content", out var content))
            return null;
        if (content.ValueKind == JsonValueKind.String)
            return new ChatRequest(document, length, messages, -1, content.GetString()!);
        if (content.ValueKind != JsonValueKind.Array)
            return null;
        for (var part = content.GetArrayLength() - 1; part >= 0; part--)
        {
            if (Text(content[part]) is { } text)
                return new ChatRequest(document, length, messages, part, text);
        }

        return null;
    }

    private static string? Text(JsonElement part) =>
        part.ValueKind == JsonValueKind.Object && part.TryGetProperty("text", out var text)
            && text.ValueKind == JsonValueKind.String
            ? text.GetString()
            : null;

    private byte[] Write(Action<Utf8JsonWriter> members)
    {
        var bytes = new ArrayBufferWriter<byte>(_length + 1024);
        using (var writer = new Utf8JsonWriter(bytes, Writing))
        {
            writer.WriteStartObject();
            members(writer);
            writer.WriteEndObject();
        }

        return bytes.WrittenSpan.ToArray();
    }

    private void WriteOthers(Utf8JsonWriter writer, ReadOnlySpan<string> replaced)
    {
        foreach (var member in Root.EnumerateObject())
        {
            if (member.Name != "messages" && !LeftOut.Contains(member.Name) && !replaced.Contains(member.Name))
                WriteRaw(writer, member);
        }
    }

    private void WriteMessages(Utf8JsonWriter writer, string question)
    {
        writer.WriteStartArray("messages");
        var left = _messages.GetArrayLength();
        foreach (var message in _messages.EnumerateArray())
        {
            if (--left > 0)
                WriteRaw(writer, message);
            else
                WriteLast(writer, message, question);
        }

        writer.WriteEndArray();
    }

    private void WriteLast(Utf8JsonWriter writer, JsonElement message, string question)
    {
        writer.WriteStartObject();
        foreach (var member in message.EnumerateObject())
        {
            if (member.Name != "content")
                WriteRaw(writer, member);
        }

        var content = message.GetProperty("content");
        if (_part < 0)
            writer.WriteString("content", question);
        else
            WriteParts(writer, content, question);
        writer.WriteEndObject();
    }

    private void WriteParts(Utf8JsonWriter writer, JsonElement content, string question)
    {
        writer.WriteStartArray("content");
        var at = 0;
        foreach (var part in content.EnumerateArray())
        {
            if (at++ == _part)
                WritePart(writer, part, question);
            else
                WriteRaw(writer, part);
        }

        writer.WriteEndArray();
    }

    private static void WritePart(Utf8JsonWriter writer, JsonElement part, string question)
    {
        writer.WriteStartObject();
        foreach (var member in part.EnumerateObject())
        {
            if (member.Name != "text")
                WriteRaw(writer, member);
        }

        writer.WriteString("text", question);
        writer.WriteEndObject();
    }

    private static void WriteRaw(Utf8JsonWriter writer, JsonProperty member)
    {
        writer.WritePropertyName(member.Name);
        WriteRaw(writer, member.Value);
    }

    // Not WriteTo: it re-escapes strings and cannot write invalid Unicode.
    private static void WriteRaw(Utf8JsonWriter writer, JsonElement value) =>
        writer.WriteRawValue(JsonMarshal.GetRawUtf8Value(value), skipInputValidation: true);
}
