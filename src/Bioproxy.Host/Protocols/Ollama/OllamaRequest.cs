using System.Text.Json;
using Bioproxy.Host.Http;
using Bioproxy.Host.Json;

namespace Bioproxy.Host.Protocols.Ollama;

/// <summary>A request in Ollama's protocol, and the same request in llama-server's.</summary>
/// <param name="Call">What the client called.</param>
/// <param name="Model">The model that it named; null for none.</param>
/// <param name="Path">The path of the translated request.</param>
/// <param name="Body">The body of the translated request.</param>
/// <param name="DoneReason">A request without a prompt asks to load or unload the model, and is answered at once: <c>load</c> or
/// <c>unload</c>. Null for every other request.</param>
internal sealed record OllamaRequest(OllamaCall Call, string? Model, string Path, ReadOnlyMemory<byte> Body, string? DoneReason = null)
{
    private const string ChatPath = "/v1/chat/completions";
    private const string CompletionPath = "/v1/completions";
    private const string InfillPath = "/infill";
    private const string EmbeddingsPath = "/v1/embeddings";

    /// <summary>Translates a body.</summary>
    /// <returns>The request, or why it cannot be read.</returns>
    public static (OllamaRequest? Request, ProxyFailure? Failure) Read(ReadOnlyMemory<byte> body, OllamaCall call)
    {
        try
        {
            using var document = JsonDocument.Parse(body, OllamaJson.Deep);
            var root = document.RootElement;
            return root.ValueKind == JsonValueKind.Object
                ? (Translate(root, call), null)
                : (null, Invalid("The body must be a JSON object."));
        }
        catch (JsonException e)
        {
            return (null, Invalid($"The body is not JSON: {e.Message}"));
        }
        catch (OllamaRequestException e)
        {
            return (null, Invalid(e.Message));
        }
        catch (InvalidOperationException)
        {
            return (null, Invalid("A text of the body is not Unicode.")); // a lone surrogate
        }
    }

    /// <summary>The model that a body names; null for none, or for a body that cannot be read.</summary>
    public static string? ModelOf(ReadOnlyMemory<byte> body)
    {
        try
        {
            using var document = JsonDocument.Parse(body, OllamaJson.Deep);
            return NameOf(document.RootElement);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    private static ProxyFailure Invalid(string message) => new(FailureKind.ClientBodyInvalid, message);

    private static OllamaRequest Translate(JsonElement root, OllamaCall call) => call switch
    {
        OllamaCall.Chat => Chat(root),
        OllamaCall.Generate => Generate(root),
        OllamaCall.Embed => Embed(root, call, "input"),
        OllamaCall.Embeddings => Embed(root, call, "prompt"),
        _ => throw new ArgumentOutOfRangeException(nameof(call)),
    };

    private static OllamaRequest Chat(JsonElement root)
    {
        var messages = root.Member("messages");
        if (messages is { ValueKind: not JsonValueKind.Array })
            throw new OllamaRequestException("messages must be a list.");
        if (messages is null || messages.Value.GetArrayLength() == 0)
            return Load(root, OllamaCall.Chat);
        return Write(root, OllamaCall.Chat, ChatPath, writer =>
        {
            writer.WriteStartArray("messages");
            new OllamaMessages(writer).Write(messages.Value);
            writer.WriteEndArray();
            OllamaOptions.WriteChat(writer, root);
        });
    }

    private static OllamaRequest Generate(JsonElement root)
    {
        if (root.Member("prompt") is { ValueKind: not JsonValueKind.String })
            throw new OllamaRequestException("prompt must be a text.");
        if (root.HasText("template"))
            throw new OllamaRequestException(
                "template is not supported: the model's own chat template is used. Send the whole prompt with raw: true.");
        var images = root.Member("images");
        var hasImages = images is { ValueKind: JsonValueKind.Array } && images.Value.GetArrayLength() > 0;
        if (root.HasText("suffix"))
        {
            return Write(root, OllamaCall.Generate, InfillPath, writer =>
            {
                WriteText(writer, root, "prompt", "input_prefix");
                WriteText(writer, root, "suffix", "input_suffix");
                OllamaOptions.Write(writer, root, limit: "n_predict");
            });
        }

        if (!root.HasText("prompt") && !hasImages)
            return Load(root, OllamaCall.Generate);
        if (root.Member("raw") is { ValueKind: JsonValueKind.True })
        {
            return Write(root, OllamaCall.Generate, CompletionPath, writer =>
            {
                WriteText(writer, root, "prompt", "prompt");
                OllamaOptions.Write(writer, root, limit: "max_tokens");
            });
        }

        return Write(root, OllamaCall.Generate, ChatPath, writer =>
        {
            writer.WriteStartArray("messages");
            if (root.HasText("system"))
                OllamaMessages.Write(writer, "system", root.TextMember("system"), null);
            OllamaMessages.Write(writer, "user", root.TextMember("prompt"), images);
            writer.WriteEndArray();
            OllamaOptions.WriteChat(writer, root);
        });
    }

    private static OllamaRequest Embed(JsonElement root, OllamaCall call, string member)
    {
        var input = root.Member(member);
        if (input is { ValueKind: not (JsonValueKind.String or JsonValueKind.Array) })
            throw new OllamaRequestException($"{member} must be a text{(call == OllamaCall.Embed ? " or a list of texts" : "")}.");
        var isEmpty = input is null || input.Value.ValueKind == JsonValueKind.Array && input.Value.GetArrayLength() == 0
            || input.Value.ValueKind == JsonValueKind.String && input.Value.ValueEquals("");
        return isEmpty ? Load(root, call) : Write(root, call, EmbeddingsPath, writer =>
        {
            writer.Copy("input", input!.Value);
            if (root.Member("dimensions") is { } dimensions)
                writer.Copy("dimensions", dimensions);
        });
    }

    private static OllamaRequest Load(JsonElement root, OllamaCall call) =>
        new(call, NameOf(root), "", default, IsZero(root.Member("keep_alive")) ? "unload" : "load");

    /// <summary>A duration of nothing: a number, or a text as Go writes durations.</summary>
    private static bool IsZero(JsonElement? keepAlive) => keepAlive switch
    {
        { ValueKind: JsonValueKind.Number } number => number.TryGetDouble(out var seconds) && seconds == 0,
        { ValueKind: JsonValueKind.String } text => JsonTokens.TextOf(text)?.TrimEnd('h', 'm', 's') is { Length: > 0 } digits
            && digits.All(static c => c is '0' or '.'),
        _ => false,
    };

    private static string? NameOf(JsonElement root) =>
        (root.TextMember("model") ?? root.TextMember("name")) is { } name && JsonTokens.TextOf(name) is { Length: > 0 } text ? text : null;

    private static void WriteText(Utf8JsonWriter writer, JsonElement root, string from, string to)
    {
        if (root.TextMember(from) is { } text)
            writer.Copy(to, text);
        else
            writer.WriteString(to, "");
    }

    private static OllamaRequest Write(JsonElement root, OllamaCall call, string path, Action<Utf8JsonWriter> members)
    {
        var name = NameOf(root);
        var body = OllamaJson.Object(writer =>
        {
            if (name is not null)
                writer.WriteString("model", name);
            members(writer);
        });
        return new OllamaRequest(call, name, path, body);
    }
}
