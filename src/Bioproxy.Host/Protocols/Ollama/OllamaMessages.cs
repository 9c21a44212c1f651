using System.Globalization;
using System.Text;
using System.Text.Json;
using Bioproxy.Host.Json;

namespace Bioproxy.Host.Protocols.Ollama;

/// <summary>
/// Writes Ollama's messages as those of a chat completion. Ollama's older clients give tool calls no identifiers and refer to a tool by its
/// name; the identifiers made here are numbered through the conversation, so that its beginning stays the same from turn to turn.
/// </summary>
internal sealed class OllamaMessages(Utf8JsonWriter writer)
{
    private readonly List<(string Id, string Name)> _unanswered = [];
    private int _calls;

    /// <exception cref="OllamaRequestException">A message cannot be understood.</exception>
    public void Write(JsonElement messages)
    {
        var index = 0;
        foreach (var message in messages.EnumerateArray())
            Write(message, index++);
    }

    /// <summary>Writes a message of a text and images.</summary>
    public static void Write(Utf8JsonWriter writer, string role, JsonElement? content, JsonElement? images)
    {
        writer.WriteStartObject();
        writer.WriteString("role", role);
        WriteContent(writer, content, images);
        writer.WriteEndObject();
    }

    private void Write(JsonElement message, int index)
    {
        if (message.TextMember("role") is not { } role)
            throw new OllamaRequestException(string.Create(CultureInfo.InvariantCulture, $"messages[{index}] must have a role."));
        writer.WriteStartObject();
        writer.Copy("role", role);
        WriteContent(writer, message.Member("content"), message.Member("images"));
        if (message.HasText("thinking"))
            writer.Copy("reasoning_content", message.TextMember("thinking")!.Value);
        if (message.Member("tool_calls") is { ValueKind: JsonValueKind.Array } calls && calls.GetArrayLength() > 0)
            WriteCalls(calls);
        if (role.ValueEquals("tool"))
            WriteResult(message);
        writer.WriteEndObject();
    }

    private static void WriteContent(Utf8JsonWriter writer, JsonElement? content, JsonElement? images)
    {
        var hasImages = images is { ValueKind: JsonValueKind.Array } list && list.GetArrayLength() > 0;
        if (content is { ValueKind: JsonValueKind.Array } parts && !hasImages)
        {
            writer.Copy("content", parts); // OpenAI's form, which llama-server has always read here
            return;
        }

        if (content is { ValueKind: not JsonValueKind.String })
            throw new OllamaRequestException("The content of a message must be a text.");
        if (!hasImages)
        {
            if (content is { } text)
                writer.Copy("content", text);
            else
                writer.WriteString("content", "");
            return;
        }

        writer.WriteStartArray("content");
        if (content is { } words && !words.ValueEquals(""))
        {
            writer.WriteStartObject();
            writer.WriteString("type", "text");
            writer.Copy("text", words);
            writer.WriteEndObject();
        }

        foreach (var image in images!.Value.EnumerateArray())
            WriteImage(writer, image);
        writer.WriteEndArray();
    }

    private static void WriteImage(Utf8JsonWriter writer, JsonElement image)
    {
        if (image.ValueKind != JsonValueKind.String)
            throw new OllamaRequestException("An image must be a text in base64.");
        var inner = image.Raw()[1..^1];
        var prefix = inner.StartsWith("data:"u8) ? "" : $"data:{TypeOf(inner)};base64,";
        var url = new byte[inner.Length + prefix.Length + 2];
        url[0] = url[^1] = (byte)'"';
        Encoding.ASCII.GetBytes(prefix, url.AsSpan(1));
        inner.CopyTo(url.AsSpan(1 + prefix.Length));
        writer.WriteStartObject();
        writer.WriteString("type", "image_url");
        writer.WriteStartObject("image_url");
        writer.WritePropertyName("url");
        writer.WriteRawValue(url, skipInputValidation: true);
        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    /// <summary>The first bytes of a picture say what it is; these are their beginnings in base64.</summary>
    private static string TypeOf(ReadOnlySpan<byte> base64) =>
        base64.StartsWith("iVBOR"u8) ? "image/png"
        : base64.StartsWith("R0lG"u8) ? "image/gif"
        : base64.StartsWith("UklG"u8) ? "image/webp"
        : base64.StartsWith("Qk"u8) ? "image/bmp"
        : "image/jpeg";

    private void WriteCalls(JsonElement calls)
    {
        writer.WriteStartArray("tool_calls");
        foreach (var call in calls.EnumerateArray())
        {
            if (call.Member("function") is not { } function || function.TextMember("name") is not { } name)
                throw new OllamaRequestException("A tool call must have a function with a name.");
            var id = (call.TextMember("id") is { } given ? JsonTokens.TextOf(given) : null)
                ?? string.Create(CultureInfo.InvariantCulture, $"call_{_calls}");
            _calls++;
            _unanswered.Add((id, JsonTokens.TextOf(name) ?? ""));
            writer.WriteStartObject();
            writer.WriteString("id", id);
            writer.WriteString("type", "function");
            writer.WriteStartObject("function");
            writer.Copy("name", name);
            WriteArguments(function.Member("arguments"));
            writer.WriteEndObject();
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    /// <summary>An object in Ollama's form, a text that holds an object in OpenAI's.</summary>
    private void WriteArguments(JsonElement? arguments)
    {
        if (arguments is { ValueKind: JsonValueKind.String } text)
            writer.Copy("arguments", text);
        else
            writer.WriteString("arguments", arguments is { } value ? value.Raw() : "{}"u8);
    }

    private void WriteResult(JsonElement message)
    {
        var tool = message.TextMember("tool_name") ?? message.TextMember("name");
        var name = tool is { } found ? JsonTokens.TextOf(found) : null;
        if (message.HasText("tool_call_id"))
        {
            var given = JsonTokens.TextOf(message.TextMember("tool_call_id")!.Value)!;
            _unanswered.RemoveAll(call => call.Id == given);
            writer.WriteString("tool_call_id", given);
        }
        else if (_unanswered.Count > 0)
        {
            var at = Math.Max(0, _unanswered.FindIndex(call => call.Name == name));
            writer.WriteString("tool_call_id", _unanswered[at].Id);
            _unanswered.RemoveAt(at);
        }

        if (tool is { } value)
            writer.Copy("name", value);
    }
}
