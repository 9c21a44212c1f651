using Bioproxy.Abstractions;

namespace Bioproxy.Host.Transforms;

/// <summary>A tool call in the backend's answer.</summary>
/// <param name="Channel">The text that its arguments are.</param>
/// <param name="Id">Its id.</param>
/// <param name="Name">The tool's name.</param>
/// <param name="Input">Its arguments where they are not a text but JSON of the answer itself; <c>{}</c> where they follow.</param>
internal readonly record struct AnswerCall(ResponseChannel Channel, string Id, string? Name, string? Input);
