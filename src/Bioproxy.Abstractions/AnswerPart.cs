namespace Bioproxy.Abstractions;

/// <summary>One text of an answer. Since contract 1.2.</summary>
/// <param name="channel">What it is, and which choice, output item or content block it belongs to.</param>
/// <param name="text">The whole text.</param>
public sealed class AnswerPart(ResponseChannel channel, string text)
{
    /// <summary>What it is, and which choice, output item or content block it belongs to.</summary>
    public ResponseChannel Channel { get; } = channel;

    /// <summary>The whole text; of a tool call its arguments, as the model wrote them.</summary>
    public string Text { get; } = text;

    /// <summary>Of a tool call its id; null where there is none.</summary>
    public string? CallId { get; init; }

    /// <summary>Of a tool call the name of the tool; null where there is none.</summary>
    public string? ToolName { get; init; }
}
