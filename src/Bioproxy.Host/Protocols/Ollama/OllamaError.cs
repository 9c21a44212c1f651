using System.Text;
using System.Text.Json;
using Bioproxy.Host.Json;

namespace Bioproxy.Host.Protocols.Ollama;

/// <summary>Errors in Ollama's form: an object whose member <c>error</c> is a text.</summary>
internal static class OllamaError
{
    /// <summary>The message of an error body; null when it is not one.</summary>
    public static string? MessageOf(JsonElement body) => body.Member("error") switch
    {
        { ValueKind: JsonValueKind.String } text => JsonTokens.TextOf(text),
        { ValueKind: JsonValueKind.Object } error => error.TextMember("message") is { } message
            ? JsonTokens.TextOf(message)
            : Encoding.UTF8.GetString(error.Raw()),
        _ => null,
    };

    /// <summary>Translates the body of an error. One in another form becomes the message itself.</summary>
    public static ReadOnlyMemory<byte> Translate(ReadOnlyMemory<byte> body, int status)
    {
        string? message = null;
        try
        {
            using var document = JsonDocument.Parse(body, OllamaJson.Deep);
            message = MessageOf(document.RootElement);
        }
        catch (JsonException)
        {
            // a page, or a plain text
        }

        message ??= body.Length > 0 ? Encoding.UTF8.GetString(body.Span) : $"The backend answered with status {status}.";
        return Body(message);
    }

    /// <summary>A body with this message.</summary>
    public static ReadOnlyMemory<byte> Body(string message) => OllamaJson.Object(writer => writer.WriteString("error", message));
}
