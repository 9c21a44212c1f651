using System.Text.Json;

namespace Bioproxy.Host.Http;

/// <summary>What is said of an error in every protocol.</summary>
/// <param name="Status">The HTTP status that it has, or would have had if the stream had not begun.</param>
/// <param name="Message">For people.</param>
/// <param name="Type">OpenAI's type.</param>
/// <param name="Code">For programs; null for none.</param>
/// <param name="IsOurs">The proxy's own, not the backend's.</param>
internal sealed record ErrorDetail(int Status, string Message, string Type, string? Code, bool IsOurs)
{
    /// <summary>The backend's own text, in one line, where it has OpenAI's form; null otherwise.</summary>
    public string? Text { get; private init; }

    public static ErrorDetail Of(ProxyFailure failure) => new(failure.Status, failure.Message, failure.Type, failure.Code, IsOurs: true);

    /// <summary>Reads what a backend answered.</summary>
    /// <param name="body">Its body: an error in one of the protocols, or anything else.</param>
    /// <param name="status">Its status.</param>
    public static ErrorDetail Of(ReadOnlyMemory<byte> body, int status)
    {
        try
        {
            using var document = JsonDocument.Parse(body);
            if (document.RootElement is { ValueKind: JsonValueKind.Object } root && root.TryGetProperty("error", out var error))
            {
                return error.ValueKind == JsonValueKind.String
                    ? new(status, error.GetString()!, TypeOf(status), null, IsOurs: false)
                    : new(
                        status,
                        Member(error, "message") ?? WithoutWords(status),
                        Member(error, "type") ?? TypeOf(status),
                        Member(error, "code"),
                        IsOurs: false)
                    {
                        Text = root.TryGetProperty("type", out _) ? null : root.GetRawText().ReplaceLineEndings(" "),
                    };
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // a page of a server in between, or broken text
        }

        return new(status, WithoutWords(status), TypeOf(status), null, IsOurs: false);
    }

    /// <summary>OpenAI's type of a status.</summary>
    public static string TypeOf(int status) => status switch
    {
        429 => "rate_limit_error",
        < 500 => "invalid_request_error",
        _ => "server_error",
    };

    private static string WithoutWords(int status) => $"The backend answered with status {status} and no message that could be read.";

    private static string? Member(JsonElement error, string name) =>
        error.ValueKind == JsonValueKind.Object && error.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()
            : null;
}
