using System.Text.Json;
using Bioproxy.Host.Json;

namespace Bioproxy.Host.Protocols.Ollama;

/// <summary>Tokens and times of an answer.</summary>
/// <param name="PromptTokens">Tokens of the prompt, reused ones included.</param>
/// <param name="PromptTime">Time of its evaluation.</param>
/// <param name="AnswerTokens">Tokens of the answer.</param>
/// <param name="AnswerTime">Time of its generation.</param>
internal readonly record struct OllamaFigures(int PromptTokens, TimeSpan PromptTime, int AnswerTokens, TimeSpan AnswerTime)
{
    /// <summary>Reads llama-server's <c>timings</c>, else OpenAI's <c>usage</c>.</summary>
    /// <returns>Null where there are neither.</returns>
    public static OllamaFigures? Of(JsonElement answer)
    {
        if (answer.Member("timings") is { ValueKind: JsonValueKind.Object } timings)
        {
            return new OllamaFigures(
                (timings.Number("prompt_n") ?? 0) + (timings.Number("cache_n") ?? 0),
                Time(timings, "prompt_ms"),
                timings.Number("predicted_n") ?? 0,
                Time(timings, "predicted_ms"));
        }

        return answer.Member("usage") is { ValueKind: JsonValueKind.Object } usage
            ? new OllamaFigures(usage.Number("prompt_tokens") ?? 0, default, usage.Number("completion_tokens") ?? 0, default)
            : null;
    }

    private static TimeSpan Time(JsonElement timings, string name) =>
        timings.Member(name) is { ValueKind: JsonValueKind.Number } value && value.TryGetDouble(out var milliseconds)
            && milliseconds is > 0 and < 1e12
            ? TimeSpan.FromMilliseconds(milliseconds)
            : default;
}
