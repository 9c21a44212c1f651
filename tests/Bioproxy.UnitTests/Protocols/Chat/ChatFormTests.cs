using System.Text;
using Bioproxy.Abstractions;
using Bioproxy.Host.Json;
using Bioproxy.Host.Protocols.Chat;

namespace Bioproxy.UnitTests.Protocols.Chat;

/// <summary>What is rendered for each protocol. That a real server renders the same is shown by the replays of sessions, which compare the
/// numbers of tokens.</summary>
public sealed class ChatFormTests
{
    [Theory]
    [InlineData(
        """{"system":"be","messages":[{"role":"user","content":"hi"}],"max_tokens":5}""",
        """{"messages":[{"role":"system","content":"be"},{"role":"user","content":"hi"}]}""")]
    [InlineData(
        """{"system":[{"type":"text","text":"be "},{"type":"text","text":"brief"}],"messages":[]}""",
        """{"messages":[{"role":"system","content":"be brief"}]}""")]
    [InlineData(
        """{"system":"x-anthropic-billing-header: v=1; cch=0a1b2; go","messages":[]}""",
        """{"messages":[{"role":"system","content":"x-anthropic-billing-header: v=1; cch=fffff; go"}]}""")]
    [InlineData(
        """{"messages":[{"role":"assistant","content":[{"type":"thinking","thinking":"hm"},{"type":"text","text":"so"},"""
        + """{"type":"tool_use","id":"t","name":"f","input":{"a":"ä"}}]},"""
        + """{"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":[{"type":"text","text":"1"}]}]}]}""",
        """{"messages":[{"role":"assistant","content":[{"type":"text","text":"so"}],"tool_calls":["""
        + """{"id":"t","type":"function","function":{"name":"f","arguments":"{\"a\":\"ä\"}"}}],"reasoning_content":"hm"},"""
        + """{"role":"tool","tool_call_id":"t","content":"1"}]}""")]
    [InlineData(
        """{"messages":[{"role":"user","content":[{"type":"image","source":{"type":"base64","data":"QQ=="}}]},{"role":"assistant"}]}""",
        """{"messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/jpeg;base64,QQ=="}}]}]}""")]
    [InlineData(
        """{"messages":[],"tools":[{"name":"f","input_schema":{"type":"object"}}],"tool_choice":{"type":"any"}}""",
        """{"messages":[],"tools":[{"type":"function","function":{"name":"f","description":"","parameters":{"type":"object"}}}]"""
        + ""","tool_choice":"required"}""")]
    public void Of_Anthropic_IsTheServersChat(string body, string chat) => Assert.Equal(chat, Of(body, PromptEndpoint.Messages));

    [Theory]
    [InlineData(
        """{"instructions":"be","input":"hi","max_output_tokens":5}""",
        """{"messages":[{"role":"system","content":"be"},{"role":"user","content":"hi"}]}""")]
    [InlineData(
        """{"input":[{"type":"message","status":"x","role":"developer","content":[{"type":"input_text","text":"be"}]}]}""",
        """{"messages":[{"role":"developer","content":[{"text":"be","type":"text"}]}]}""")]
    [InlineData(
        """{"input":[{"type":"reasoning","summary":[],"content":[{"text":"hm"}]},{"role":"assistant","type":"message","content":"so"},"""
        + """{"type":"function_call","call_id":"t","name":"f","arguments":"{}"},"""
        + """{"type":"function_call_output","call_id":"t","output":"1"}]}""",
        """{"messages":[{"role":"assistant","content":[{"text":"so","type":"text"}],"reasoning_content":"hm","tool_calls":["""
        + """{"function":{"arguments":"{}","name":"f"},"id":"t","type":"function"}]},{"content":"1","role":"tool","tool_call_id":"t"}]}""")]
    [InlineData(
        """{"input":"hi","tools":[{"type":"web_search"},{"type":"function","name":"f","parameters":{}}],"reasoning":{"effort":"low"}}""",
        """{"messages":[{"role":"user","content":"hi"}],"tools":["""
        + """{"type":"function","function":{"name":"f","parameters":{},"strict":true}}]"""
        + ""","reasoning_effort":"low"}""")]
    public void Of_Responses_IsTheServersChat(string body, string chat) => Assert.Equal(chat, Of(body, PromptEndpoint.Responses));

    [Theory]
    [InlineData("[]")]
    [InlineData("{")]
    [InlineData("""{"a":1,"a":2}""")]
    [InlineData("""{"system":1}""")]
    public void Of_NoChat_IsNull(string body) => Assert.Null(Of(body, PromptEndpoint.Messages));

    private static string? Of(string body, PromptEndpoint endpoint) =>
        ChatForm.Of(Encoding.UTF8.GetBytes(body), endpoint)?.ToJsonString(JsonWriting.Relaxed);
}
