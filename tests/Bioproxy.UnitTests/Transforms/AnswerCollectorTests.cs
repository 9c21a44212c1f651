using System.Text;
using Bioproxy.Host.Transforms;

namespace Bioproxy.UnitTests.Transforms;

public sealed class AnswerCollectorTests
{
    [Theory]
    [InlineData(
        """{"choices":[{"index":0,"message":{"role":"assistant","reasoning_content":"Hm","content":" a\n","tool_calls":"""
        + """[{"id":"c1","type":"function","function":{"name":"f","arguments":"{\"a\": 1}"}},"""
        + """{"id":"c2","function":{"name":"g","arguments":"{}"}}]}}]}""",
        """Reasoning [Hm] | Answer [ a#] | ToolArguments c1 f [{"a": 1}] | ToolArguments c2 g [{}]""")]
    [InlineData(
        """{"type":"message","content":[{"type":"thinking","thinking":"Hm"},{"type":"text","text":"a"},"""
        + """{"type":"tool_use","id":"t1","name":"f","input":{"a": 1}},{"type":"tool_use","id":"t2","name":"g","input":{}}]}""",
        """Reasoning [Hm] | Answer [a] | ToolArguments t1 f [{"a": 1}] | ToolArguments t2 g [{}]""")]
    [InlineData(
        """{"object":"response","output":[{"type":"reasoning","summary":[],"content":[{"type":"reasoning_text","text":"Hm"}]},"""
        + """{"type":"message","content":[{"type":"output_text","text":"a"}]},{"type":"function_call","call_id":"c1","name":"f","""
        + """ "arguments":"{ }"}]}""",
        "Reasoning [Hm] | Answer [a] | ToolArguments c1 f [{ }]")]
    [InlineData("""{"error":{"message":"no"}}""", "")]
    [InlineData("no JSON", "")]
    public void Read_WholeAnswer_HasEveryText(string answer, string expected) => Assert.Equal(expected, Read(answer, isStream: false));

    [Fact]
    public void Read_ChatStream_PutsThePiecesTogether() => Assert.Equal(
        """Reasoning [Hm!] | Answer [ab] | ToolArguments c1 f [{"a": 1}] | ToolArguments c2 g [{}]""",
        Read(
            """
            : waiting

            data: {"choices":[{"index":0,"delta":{"role":"assistant","content":null}}]}

            data: {"choices":[{"index":0,"delta":{"reasoning_content":"Hm"}}]}

            data: {"choices":[{"index":0,"delta":{"reasoning_content":"!","content":"a"}}]}

            data: {"choices":[{"index":0,"delta":{"content":"b"}}]}

            data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"c1","function":{"name":"f","arguments":"{\"a\""}}]}}]}

            data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":": 1}"}}]}}]}

            data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":1,"id":"c2","function":{"name":"g","arguments":"{}"}}]}}]}

            data: {"choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]}

            data: [DONE]


            """,
            isStream: true));

    [Fact]
    public void Read_AnthropicStream_PutsThePiecesTogether() => Assert.Equal(
        """Answer [ab] | ToolArguments t1 f [{"a": 1}] | ToolArguments t2 g [{}]""",
        Read(
            """
            event: content_block_start
            data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}

            event: content_block_delta
            data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"ab"}}

            event: content_block_start
            data: {"type":"content_block_start","index":1,"content_block":{"type":"tool_use","id":"t1","name":"f","input":{}}}

            event: content_block_delta
            data: {"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"{\"a\""}}

            event: content_block_delta
            data: {"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":": 1}"}}

            event: content_block_start
            data: {"type":"content_block_start","index":2,"content_block":{"type":"tool_use","id":"t2","name":"g","input":{}}}

            event: message_stop
            data: {"type":"message_stop"}


            """,
            isStream: true));

    [Fact]
    public void Read_ResponsesStream_PutsThePiecesTogether() => Assert.Equal(
        """Answer [ab] | ToolArguments c1 f [{"a": 1}]""",
        Read(
            """
            data: {"type":"response.output_text.delta","output_index":0,"delta":"a"}

            data: {"type":"response.output_text.delta","output_index":0,"delta":"b"}

            data: {"type":"response.output_text.done","output_index":0,"text":"ab"}

            data: {"type":"response.output_item.added","output_index":1,"item":{"type":"function_call","call_id":"c1","name":"f"}}

            data: {"type":"response.function_call_arguments.delta","output_index":1,"delta":"{\"a\": 1}"}

            data: {"type":"response.function_call_arguments.done","output_index":1,"arguments":"{\"a\": 1}"}

            data: {"type":"response.completed","response":{"output":[{"content":[{"text":"ab"}]},{"arguments":"{\"a\": 1}"}]}}


            """,
            isStream: true));

    private static string Read(string answer, bool isStream) =>
        string.Join(" | ", AnswerCollector.Read(Encoding.UTF8.GetBytes(answer), isStream).Select(part =>
            $"{part.Channel.Kind} {(part.CallId is null ? "" : $"{part.CallId} {part.ToolName} ")}[{part.Text.Replace('\n', '#')}]"));
}
