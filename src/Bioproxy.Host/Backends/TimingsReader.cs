using System.Text.Json;

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
        if (Find(tail, "\"timings\":"u8) is { } timings && Number(timings, "cache_n") is { } cached && Number(timings, "prompt_n") is { } computed)
            return new PromptTimings(cached, computed, Number(timings, "predicted_n") ?? 0);
        if (Find(tail, "\"usage\":"u8) is not { } usage)
            return null;
        if (Number(usage, "prompt_tokens") is { } prompt && Nested(usage, "prompt_tokens_details", "cached_tokens") is { } chat)
            return new PromptTimings(chat, Math.Max(0, prompt - chat), Number(usage, "completion_tokens") ?? 0);
        if (Number(usage, "input_tokens") is not { } input)
            return null;
        if (Number(usage, "cache_read_input_tokens") is { } read)
            return new PromptTimings(read, input, Number(usage, "output_tokens") ?? 0);
        return Nested(usage, "input_tokens_details", "cached_tokens") is { } details ? new PromptTimings(details, Math.Max(0, input - details), Number(usage, "output_tokens") ?? 0) : null;
    }

    /// <summary>The last complete object that stands behind <paramref name="name"/>.</summary>
    private static JsonElement? Find(ReadOnlySpan<byte> tail, ReadOnlySpan<byte> name)
    {
        var at = tail.LastIndexOf(name);
        if (at < 0)
            return null;
        var reader = new Utf8JsonReader(tail[(at + name.Length)..], isFinalBlock: false, default);
        try
        {
            if (JsonElement.TryParseValue(ref reader, out var element) && element is { ValueKind: JsonValueKind.Object } found)
                return found;
        }
        catch (JsonException)
        {
            // cut off, or not what it looked like: no evidence
        }

        return null;
    }

    private static int? Number(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number) ? number : null;

    private static int? Nested(JsonElement element, string name, string inner) =>
        element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Object ? Number(value, inner) : null;
}
