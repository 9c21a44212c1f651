using System.Text;
using System.Text.Json.Nodes;
using Bioproxy.Host.Json;

namespace Bioproxy.Host.Http;

/// <summary>Errors in the protocol of the endpoint, whole or as events of a stream that has begun. The official clients raise their own
/// exceptions from each of them.</summary>
internal static class ErrorWriter
{
    /// <summary>The body of an answer that is an error.</summary>
    public static byte[] Body(ErrorDetail error, ErrorForm form) =>
        Encoding.UTF8.GetBytes(Whole(error, form).ToJsonString(JsonWriting.Relaxed));

    /// <summary>The events that end a stream with an error.</summary>
    public static byte[] Events(ErrorDetail error, ErrorForm form) => Encoding.UTF8.GetBytes(form switch
    {
        ErrorForm.Anthropic => Event("error", Anthropic(error)),

        // Some clients raise the first event, others know the second one only.
        ErrorForm.Responses => Event("error", ResponsesError(error)) + Event("response.failed", Failed(error)),
        _ => $"data: {error.Text ?? Whole(error, form).ToJsonString(JsonWriting.Relaxed)}\n\n",
    });

    private static string Event(string name, JsonObject data) => $"event: {name}\ndata: {data.ToJsonString(JsonWriting.Relaxed)}\n\n";

    private static JsonObject Whole(ErrorDetail error, ErrorForm form) => form switch
    {
        ErrorForm.Anthropic => Anthropic(error),
        ErrorForm.LlamaServer => new()
        {
            ["error"] = Marked(
                new()
                {
                    ["code"] = error.Status,
                    ["message"] = error.Message,
                    ["type"] = NativeType(error),
                    ["reason"] = error.Code,
                },
                error),
        },
        _ => new() { ["error"] = OpenAi(error) },
    };

    private static JsonObject OpenAi(ErrorDetail error) => Marked(
        new() { ["message"] = error.Message, ["type"] = error.Type, ["param"] = null, ["code"] = error.Code }, error);

    private static JsonObject Anthropic(ErrorDetail error) => new()
    {
        ["type"] = "error",
        ["error"] = Marked(
            new() { ["type"] = AnthropicType(error), ["message"] = error.Message, ["code"] = error.Code }, error),
    };

    private static JsonObject ResponsesError(ErrorDetail error) => new()
    {
        ["type"] = "error",
        ["sequence_number"] = 0,
        ["code"] = error.Code ?? error.Type,
        ["message"] = error.Message,
        ["param"] = null,
        ["error"] = OpenAi(error),
    };

    private static JsonObject Failed(ErrorDetail error) => new()
    {
        ["type"] = "response.failed",
        ["sequence_number"] = 1,
        ["response"] = new JsonObject
        {
            ["id"] = "resp_failed",
            ["object"] = "response",
            ["created_at"] = 0,
            ["status"] = "failed",
            ["error"] = new JsonObject { ["code"] = ResponseCode(error), ["message"] = error.Message },
            ["model"] = "",
            ["output"] = new JsonArray(),
            ["usage"] = null,
        },
    };

    private static JsonObject Marked(JsonObject error, ErrorDetail detail)
    {
        if (detail.IsOurs)
            error["src"] = "bioproxy";
        return error;
    }

    private static string AnthropicType(ErrorDetail error) => error.Status switch
    {
        401 => "authentication_error",
        403 => "permission_error",
        404 => "not_found_error",
        413 => "request_too_large",
        429 => "rate_limit_error",
        503 or 529 => "overloaded_error",
        504 => "timeout_error",
        < 500 => "invalid_request_error",
        _ => "api_error",
    };

    private static string NativeType(ErrorDetail error) => error.Status switch
    {
        401 => "authentication_error",
        403 => "permission_error",
        404 => "not_found_error",
        501 => "not_supported_error",
        503 => "unavailable_error",
        _ => error.Type,
    };

    /// <summary>The codes that clients of /v1/responses act on; llama-server's own type for a prompt that is too long becomes OpenAI's.
    /// </summary>
    private static string ResponseCode(ErrorDetail error) => error switch
    {
        { Type: "exceed_context_size_error" } => "context_length_exceeded",
        { Status: 429 } => "rate_limit_exceeded",
        { Status: < 500 } => "invalid_prompt",
        _ => "server_error",
    };
}
