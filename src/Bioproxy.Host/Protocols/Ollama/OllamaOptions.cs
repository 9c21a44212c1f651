using System.Text.Json;

namespace Bioproxy.Host.Protocols.Ollama;

/// <summary>
/// Writes what an Ollama request says beside its prompt. Options of the runner (<c>num_ctx</c>, <c>num_gpu</c> and the like) and
/// <c>keep_alive</c> are the backend's business and have no effect.
/// </summary>
internal static class OllamaOptions
{
    /// <summary>Options with the same name and meaning in llama-server.</summary>
    private static readonly string[] Same =
    [
        "temperature", "top_p", "top_k", "min_p", "typical_p", "seed", "stop", "repeat_penalty", "repeat_last_n", "presence_penalty",
        "frequency_penalty", "mirostat", "mirostat_tau", "mirostat_eta",
    ];

    /// <summary>Everything of a chat: options, stream, format, tools and thinking.</summary>
    public static void WriteChat(Utf8JsonWriter writer, JsonElement root)
    {
        Write(writer, root, limit: "max_tokens");
        if (root.Member("tools") is { ValueKind: JsonValueKind.Array } tools && tools.GetArrayLength() > 0)
            writer.Copy("tools", tools);
        WriteThink(writer, root.Member("think"));
    }

    /// <summary>Options, stream and format.</summary>
    /// <param name="writer">Writes the members.</param>
    /// <param name="root">The request.</param>
    /// <param name="limit">The member that bounds the answer.</param>
    public static void Write(Utf8JsonWriter writer, JsonElement root, string limit)
    {
        if (root.Member("stream") is { ValueKind: not (JsonValueKind.True or JsonValueKind.False) })
            throw new OllamaRequestException("stream must be true or false.");
        var isStream = root.Member("stream") is not { ValueKind: JsonValueKind.False };
        writer.WriteBoolean("stream", isStream);
        if (isStream)
        {
            writer.WriteStartObject("stream_options");
            writer.WriteBoolean("include_usage", true);
            writer.WriteEndObject();
        }

        if (root.Member("options") is { } options)
            WriteOptions(writer, options, limit);
        if (root.Member("format") is { } format)
            WriteFormat(writer, format);
    }

    private static void WriteOptions(Utf8JsonWriter writer, JsonElement options, string limit)
    {
        if (options.ValueKind != JsonValueKind.Object)
            throw new OllamaRequestException("options must be an object.");
        foreach (var name in Same)
        {
            if (options.Member(name) is { } value)
                writer.Copy(name, value);
        }

        // Zero and less mean no limit there.
        if (options.Member("num_predict") is { } number && !(number.ValueKind == JsonValueKind.Number && number.GetDouble() <= 0))
            writer.Copy(limit, number);
    }

    private static void WriteFormat(Utf8JsonWriter writer, JsonElement format)
    {
        if (format.ValueKind == JsonValueKind.String && format.ValueEquals(""))
            return;
        if (format.ValueKind != JsonValueKind.Object && !(format.ValueKind == JsonValueKind.String && format.ValueEquals("json")))
            throw new OllamaRequestException("format must be \"json\" or a JSON schema.");
        writer.WriteStartObject("response_format");
        if (format.ValueKind == JsonValueKind.Object)
        {
            writer.WriteString("type", "json_schema");
            writer.WriteStartObject("json_schema");
            writer.WriteString("name", "format");
            writer.Copy("schema", format);
            writer.WriteEndObject();
        }
        else
        {
            writer.WriteString("type", "json_object");
        }

        writer.WriteEndObject();
    }

    /// <summary>Templates know thinking as a switch or as an effort; one that knows neither ignores both.</summary>
    private static void WriteThink(Utf8JsonWriter writer, JsonElement? think)
    {
        if (think is null || (think.Value.ValueKind == JsonValueKind.String && think.Value.ValueEquals("")))
            return;
        var isEffort = think.Value.ValueKind == JsonValueKind.String
            && (think.Value.ValueEquals("low") || think.Value.ValueEquals("medium") || think.Value.ValueEquals("high"));
        if (!isEffort && think.Value.ValueKind is not (JsonValueKind.True or JsonValueKind.False))
            throw new OllamaRequestException("think must be true, false, \"low\", \"medium\" or \"high\".");
        if (isEffort)
            writer.Copy("reasoning_effort", think.Value);
        writer.WriteStartObject("chat_template_kwargs");
        writer.WriteBoolean("enable_thinking", think.Value.ValueKind != JsonValueKind.False);
        if (isEffort)
            writer.Copy("reasoning_effort", think.Value);
        writer.WriteEndObject();
    }
}
