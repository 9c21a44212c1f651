using System.Globalization;
using System.Text.Json;

namespace Bioproxy.Host.Protocols.Ollama;

/// <summary>What the answers to one request have in common, and the translation of one that is a single JSON document.</summary>
/// <param name="request">The request.</param>
/// <param name="started">The time stamp of its arrival.</param>
/// <param name="time">The clock.</param>
internal sealed class OllamaAnswer(OllamaRequest request, long started, TimeProvider time)
{
    private bool IsChat => request.Call == OllamaCall.Chat;

    /// <summary>The name of the reason for which an answer ended.</summary>
    /// <param name="finish">OpenAI's <c>finish_reason</c>, or llama-server's <c>stop_type</c>.</param>
    public static string ReasonOf(string finish) => finish is "length" or "limit" ? "length" : "stop";

    /// <summary>The answer to a request without a prompt.</summary>
    public ReadOnlyMemory<byte> Loaded() => OllamaJson.Object(writer =>
    {
        if (request.Call is OllamaCall.Embed or OllamaCall.Embeddings)
        {
            WriteModel(writer, null);
            writer.WriteStartArray(request.Call == OllamaCall.Embed ? "embeddings" : "embedding");
            writer.WriteEndArray();
            return;
        }

        WriteHead(writer, null);
        WriteText(writer, null, null, null);
        writer.WriteBoolean("done", true);
        writer.WriteString("done_reason", request.DoneReason);
    });

    /// <summary>Translates a whole answer.</summary>
    /// <returns>Null when it is not the answer to such a request.</returns>
    public ReadOnlyMemory<byte>? Translate(ReadOnlyMemory<byte> body)
    {
        try
        {
            using var document = JsonDocument.Parse(body, OllamaJson.Deep);
            var root = document.RootElement;
            return request.Call is OllamaCall.Embed or OllamaCall.Embeddings ? Vectors(root) : Text(root);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>Begins every object of an answer.</summary>
    /// <param name="writer">Stands in an object.</param>
    /// <param name="named">What the backend calls its model; used where the client named none.</param>
    public void WriteHead(Utf8JsonWriter writer, string? named)
    {
        WriteModel(writer, named);
        writer.WriteString("created_at", Rfc3339(time.GetUtcNow()));
    }

    /// <summary>Writes a piece of the answer.</summary>
    /// <param name="writer">Stands in an object.</param>
    /// <param name="text">The token of a text; null for none.</param>
    /// <param name="thinking">The token of a thought; null for none.</param>
    /// <param name="calls">Tool calls; null for none.</param>
    public void WriteText(Utf8JsonWriter writer, JsonElement? text, JsonElement? thinking, OllamaToolCalls? calls)
    {
        if (IsChat)
        {
            writer.WriteStartObject("message");
            writer.WriteString("role", "assistant");
        }

        if (text is { } content)
            writer.Copy(IsChat ? "content" : "response", content);
        else
            writer.WriteString(IsChat ? "content" : "response", "");
        if (thinking is { } thought)
            writer.Copy("thinking", thought);
        if (calls is { Count: > 0 })
            calls.Write(writer);
        if (IsChat)
            writer.WriteEndObject();
    }

    /// <summary>Writes how the answer ended.</summary>
    public void WriteDone(Utf8JsonWriter writer, string reason, OllamaFigures? known)
    {
        var figures = known ?? default;
        var total = time.GetElapsedTime(started);

        // What was neither prompt nor answer: the time in the queue, restoring, waking a server.
        var rest = total - figures.PromptTime - figures.AnswerTime;
        writer.WriteBoolean("done", true);
        writer.WriteString("done_reason", reason);
        writer.WriteNumber("total_duration", Nanoseconds(total));
        writer.WriteNumber("load_duration", Nanoseconds(rest < TimeSpan.Zero ? TimeSpan.Zero : rest));
        writer.WriteNumber("prompt_eval_count", figures.PromptTokens);
        writer.WriteNumber("prompt_eval_duration", Nanoseconds(figures.PromptTime));
        writer.WriteNumber("eval_count", figures.AnswerTokens);
        writer.WriteNumber("eval_duration", Nanoseconds(figures.AnswerTime));
    }

    public static string Rfc3339(DateTimeOffset moment) =>
        moment.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'", CultureInfo.InvariantCulture);

    private static long Nanoseconds(TimeSpan duration) => duration.Ticks * TimeSpan.NanosecondsPerTick;

    private void WriteModel(Utf8JsonWriter writer, string? named) => writer.WriteString("model", request.Model ?? named ?? "");

    private ReadOnlyMemory<byte>? Text(JsonElement root)
    {
        JsonElement? text, thinking = null;
        string reason;
        OllamaToolCalls? calls = null;
        if (OllamaChoice.Of(root) is not { } choice)
            return null;
        if (choice.Message is { } message)
        {
            thinking = message.HasText("reasoning_content") ? message.TextMember("reasoning_content") : null;
            if (message.Member("tool_calls") is { ValueKind: JsonValueKind.Array } called && called.GetArrayLength() > 0)
                (calls = new OllamaToolCalls()).Add(called);
        }

        (text, reason) = (choice.Text, ReasonOf(choice.Finish ?? "stop"));
        return OllamaJson.Object(writer =>
        {
            WriteHead(writer, choice.Model);
            WriteText(writer, text, thinking, calls);
            WriteDone(writer, reason, OllamaFigures.Of(root));
        });
    }

    private ReadOnlyMemory<byte>? Vectors(JsonElement root)
    {
        if (root.Member("data") is not { ValueKind: JsonValueKind.Array } data)
            return null;
        var isOne = request.Call == OllamaCall.Embeddings;
        return OllamaJson.Object(writer =>
        {
            if (isOne)
            {
                foreach (var vector in data.EnumerateArray().Take(1))
                    writer.Copy("embedding", vector.Member("embedding") ?? vector);
                return;
            }

            WriteModel(writer, root.TextMember("model")?.GetString());
            writer.WriteStartArray("embeddings");
            foreach (var vector in data.EnumerateArray())
                writer.WriteRawValue((vector.Member("embedding") ?? vector).Raw(), skipInputValidation: true);
            writer.WriteEndArray();
            writer.WriteNumber("total_duration", Nanoseconds(time.GetElapsedTime(started)));
            writer.WriteNumber("load_duration", 0);
            writer.WriteNumber("prompt_eval_count", OllamaFigures.Of(root)?.PromptTokens ?? 0);
        });
    }
}
