namespace Bioproxy.Host.Prompts;

/// <summary>
/// Members besides the messages that can change how the backend renders the first part of the prompt, or which KV state it
/// may use. Two requests that differ in one of them share nothing.
/// </summary>
internal static class HeadMember
{
    public static readonly string[] Names =
    [
        "tools", "tool_choice", "functions", "function_call", "parallel_tool_calls", "chat_template", "chat_template_kwargs",
        "response_format", "json_schema", "reasoning_effort", "reasoning", "reasoning_format", "reasoning_budget", "thinking",
        "enable_thinking", "system", "instructions", "documents", "lora",
    ];

    /// <summary>The index of <c>lora</c>.</summary>
    public static readonly int Lora = Array.IndexOf(Names, "lora");

    /// <summary>The index of <c>tools</c>.</summary>
    public static readonly int Tools = Array.IndexOf(Names, "tools");

    /// <summary>The index of <c>response_format</c>.</summary>
    public static readonly int ResponseFormat = Array.IndexOf(Names, "response_format");

    /// <summary>The index of <c>json_schema</c>.</summary>
    public static readonly int JsonSchema = Array.IndexOf(Names, "json_schema");

    /// <summary>Many clients send empty lists and defaults where others send nothing; the backend renders both alike.</summary>
    public static bool IsDefault(ReadOnlySpan<byte> value) =>
        value.SequenceEqual("null"u8) || value.SequenceEqual("[]"u8) || value.SequenceEqual("{}"u8)
        || value.SequenceEqual("{\"type\":\"text\"}"u8) || value.SequenceEqual("{\"type\": \"text\"}"u8);
}
