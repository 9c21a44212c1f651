using System.Text.Json;
using Bioproxy.Abstractions;

namespace Bioproxy.Host.Transforms;

/// <summary>A text in the backend's answer.</summary>
/// <param name="Channel">The text of the answer that it belongs to.</param>
/// <param name="Token">The JSON string.</param>
/// <param name="IsDelta">The next piece of a text; otherwise a complete text (of a JSON answer, or repeated as a stream ends).</param>
internal readonly record struct AnswerText(ResponseChannel Channel, JsonElement Token, bool IsDelta);
