using System.Text.Json;
using Bioproxy.Abstractions;

namespace Bioproxy.Host.Transforms;

/// <summary>A text in an answer of the backend's.</summary>
/// <param name="Channel">Which of the answer's texts it belongs to.</param>
/// <param name="Token">The JSON string.</param>
/// <param name="IsDelta">The next piece of it; otherwise the whole text (a whole answer, or the repetition at the end of a stream).</param>
internal readonly record struct AnswerText(ResponseChannel Channel, JsonElement Token, bool IsDelta);
