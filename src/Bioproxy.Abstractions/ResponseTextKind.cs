namespace Bioproxy.Abstractions;

/// <summary>What a text of a response is.</summary>
public enum ResponseTextKind
{
    /// <summary>The answer.</summary>
    Answer,

    /// <summary>The model's reasoning beside the answer.</summary>
    Reasoning,

    /// <summary>The arguments of a tool call: JSON in a text. Inserted text must be escaped as in a JSON string.</summary>
    ToolArguments,
}
