namespace Bioproxy.UnitTests.Protocols.Ollama;

/// <summary>Answers in the forms of a llama-server (build 11669), with a model that thinks and calls tools.</summary>
internal static class RecordedAnswers
{
    private const string Rest = ""","created":1795936199,"id":"chatcmpl-1","model":"tiny","object":"chat.completion.chunk"}""";

    public const string Timings = """
        "timings":{"cache_n":21,"prompt_n":1,"prompt_ms":0.918,"predicted_n":2,"predicted_ms":0.714,"predicted_per_second":1400.5}
        """;

    /// <summary>The figures come in an event of their own, because the request asked for the usage.</summary>
    public static readonly string Stream =
        Delta("""{"role":"assistant","content":null}""")
        + ": a comment of the server\n\n"
        + Delta("""{"content":"\""}""") + Delta("""{"content":"L\u00e4😀"}""")
        + Delta("{}", "length")
        + $$"""data: {"choices":[],"usage":{"completion_tokens":2,"prompt_tokens":22},"model":"tiny",{{Timings}}}""" + "\n\n"
        + "data: [DONE]\n\n";

    public static readonly string Thinking =
        Delta("""{"role":"assistant","content":null}""")
        + Delta("""{"reasoning_content":"2+2 "}""") + Delta("""{"reasoning_content":"is 4"}""") + Delta("""{"content":"4"}""")
        + Delta("{}", "stop")
        + "data: [DONE]\n\n";

    /// <summary>Two calls whose arguments come in pieces.</summary>
    public static readonly string Tools =
        Delta("""{"role":"assistant","content":null}""")
        + Delta("""{"tool_calls":[{"index":0,"id":"a1","type":"function","function":{"name":"weather","arguments":"{\"place\":"}}]}""")
        + Delta("""{"tool_calls":[{"index":0,"function":{"arguments":"\"Köln\",\"n\":1.0"}}]}""")
        + Delta("""{"tool_calls":[{"index":0,"function":{"arguments":"}"}}]}""")
        + Delta("""{"tool_calls":[{"index":1,"id":"a2","type":"function","function":{"name":"time","arguments":"{}"}}]}""")
        + Delta("{}", "tool_calls")
        + "data: [DONE]\n\n";

    public const string Error = "data: {\"error\":{\"code\":500,\"message\":\"it \\\"broke\\\"\",\"type\":\"server_error\"}}\n\n";

    public static string Delta(string delta, string? finish = null)
    {
        var reason = finish is null ? "null" : $"\"{finish}\"";
        return $$"""data: {"choices":[{"finish_reason":{{reason}},"index":0,"delta":{{delta}}}]{{Rest}}""" + "\n\n";
    }
}
