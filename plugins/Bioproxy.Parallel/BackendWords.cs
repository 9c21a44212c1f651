using System.Text;
using System.Text.Json;
using Bioproxy.Abstractions;

namespace Bioproxy.Parallel;

/// <summary>Reads a backend's error message.</summary>
internal static class BackendWords
{
    private const int Longest = 500;

    /// <summary>The status and the error's message: OpenAI's <c>error.message</c>, or the body's beginning.</summary>
    public static string Of(BackendAnswer answer)
    {
        var words = Message(answer.Body) ?? Encoding.UTF8.GetString(answer.Body.Span[..Math.Min(answer.Body.Length, Longest)]);
        return string.IsNullOrWhiteSpace(words) ? $"status {answer.Status}" : $"status {answer.Status}: {words.Trim()}";
    }

    private static string? Message(ReadOnlyMemory<byte> body)
    {
        try
        {
            using var document = JsonDocument.Parse(body);
            return document.RootElement is { ValueKind: JsonValueKind.Object } root
                && root.TryGetProperty("error", out var error)
                && error.ValueKind == JsonValueKind.Object
                && error.TryGetProperty("message", out var message)
                && message.ValueKind == JsonValueKind.String ? message.GetString() : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null; // not JSON, or invalid Unicode: the start of the body is more useful
        }
    }
}
