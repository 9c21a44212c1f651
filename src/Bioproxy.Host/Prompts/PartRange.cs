using Bioproxy.Host.Json;

namespace Bioproxy.Host.Prompts;

/// <summary>One part of a message's content inside the body: the string token of a text, or the whole value of anything else.</summary>
internal readonly record struct PartRange(string Type, bool IsText, JsonRange Range);
