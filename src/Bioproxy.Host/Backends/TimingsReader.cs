using System.Text.Json;
using Bioproxy.Host.Json;

namespace Bioproxy.Host.Backends;

/// <summary>
/// Finds the evidence of cache use near the end of a response: llama-server's <c>timings</c>, else the <c>usage</c> of the OpenAI
/// and Anthropic shapes. The names are searched with their unescaped quotes, so a model that writes such text cannot be
/// mistaken for them: inside a JSON string the quotes are escaped.
/// </summary>
internal static class TimingsReader
{
    public static PromptTimings? Read(ReadOnlySpan<byte> tail)
    {
        if (ReadTimings(tail) is { } timings)
            return timings;
        if (JsonLookup.LastObject(tail, "\"usage\":"u8) is not { } usage)
            return null;
        if (usage.Number("prompt_tokens") is { } prompt && Nested(usage, "prompt_tokens_details", "cached_tokens") is { } chat)
            return new PromptTimings(chat, Math.Max(0, prompt - chat), usage.Number("completion_tokens") ?? 0);
        if (usage.Number("input_tokens") is not { } input)
            return null;
        if (usage.Number("cache_read_input_tokens") is { } read)
            return new PromptTimings(read, input, usage.Number("output_tokens") ?? 0);
        return Nested(usage, "input_tokens_details", "cached_tokens") is { } details
            ? new PromptTimings(details, Math.Max(0, input - details), usage.Number("output_tokens") ?? 0)
            : null;
    }

    /// <summary>llama-server's own figures, which nearly every answer has: read without making a document of them.</summary>
    private static PromptTimings? ReadTimings(ReadOnlySpan<byte> tail)
    {
        var name = "\"timings\":"u8;
        var at = tail.LastIndexOf(name);
        if (at < 0)
            return null;
        var reader = new Utf8JsonReader(tail[(at + name.Length)..], isFinalBlock: false, default);
        try
        {
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
                return null;
            var (cached, computed, generated, milliseconds) = (-1, -1, 0, 0.0);
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var which = reader.ValueTextEquals("cache_n"u8) ? 'c'
                    : reader.ValueTextEquals("prompt_n"u8) ? 'p'
                    : reader.ValueTextEquals("predicted_n"u8) ? 'g'
                    : reader.ValueTextEquals("prompt_ms"u8) ? 'm'
                    : ' ';
                if (!reader.Read())
                    return null;
                if (reader.TokenType != JsonTokenType.Number || which == ' ')
                {
                    if (!reader.TrySkip())
                        return null;
                }
                else if (which == 'm')
                {
                    milliseconds = reader.TryGetDouble(out var time) && time > 0 ? time : 0;
                }
                else if (reader.TryGetInt32(out var number))
                {
                    (cached, computed, generated) = which switch
                    {
                        'c' => (number, computed, generated),
                        'p' => (cached, number, generated),
                        _ => (cached, computed, number),
                    };
                }
            }

            return reader.TokenType == JsonTokenType.EndObject && cached >= 0 && computed >= 0
                ? new PromptTimings(cached, computed, generated) { PrefillSeconds = milliseconds / 1000 }
                : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null; // cut off, not what it looked like, or a name that is not Unicode: no evidence
        }
    }

    /// <summary>Anthropic's stream: the prompt's tokens in its first event, those generated in its last.</summary>
    public static PromptTimings? ReadFirst(ReadOnlySpan<byte> head, ReadOnlySpan<byte> tail)
    {
        if (JsonLookup.FirstObject(head, "\"usage\":"u8) is not { } usage || usage.Number("cache_read_input_tokens") is not { } read
            || usage.Number("input_tokens") is not { } input)
            return null;
        return new PromptTimings(
            read, input, JsonLookup.LastObject(tail, "\"usage\":"u8) is { } last ? last.Number("output_tokens") ?? 0 : 0);
    }

    private static int? Nested(JsonElement element, string name, string inner) =>
        element.MemberOrNull(name) is { ValueKind: JsonValueKind.Object } value ? value.Number(inner) : null;
}
