using System.Text;
using Bioproxy.Abstractions;
using Bioproxy.Host.Prompts;

namespace Bioproxy.UnitTests.PromptTests;

public sealed class CacheControlTests
{
    [Theory]
    [InlineData("""[{"name":"a"},{"name":"b","cache_control":{"type":"ephemeral","ttl":"1h"}}]""", """[{"name":"a"},{"name":"b"}]""")]
    [InlineData("""{ "cache_control" : null , "a": 1}""", """{ "a": 1}""")]
    [InlineData("""{"cache_control":{}}""", "{}")]
    [InlineData("""{"a":1 , "cache_control":[1,2], "b":2}""", """{"a":1 , "b":2}""")]
    [InlineData(
        """{"content":[{"text":"a","cache_control":{}},{"cache_control":{},"text":"b"}]}""", """{"content":[{"text":"a"},{"text":"b"}]}""")]
    [InlineData("""{"input":{"cache_control":1}}""", """{"input":{"cache_control":1}}""")]
    [InlineData("""{"input_schema":{"properties":{"cache_control":{}}}}""", """{"input_schema":{"properties":{"cache_control":{}}}}""")]
    [InlineData("""{"text":"\"cache_control\":1"}""", """{"text":"\"cache_control\":1"}""")]
    [InlineData("\"cache_control\"", "\"cache_control\"")]
    public void Without_AnyValue_LeavesTheRestAsItIs(string value, string expected) =>
        Assert.Equal(expected, Encoding.UTF8.GetString(CacheControl.Without(Encoding.UTF8.GetBytes(value))));

    /// <summary>Members that the backend does not render: each wanders, or is another one in every session.</summary>
    [Theory]
    [InlineData(PromptEndpoint.Chat, "\"tools\":[{\"name\":\"a\"@}],\"messages\":[{\"role\":\"user\",\"content\":\"a\"}]")]
    [InlineData(PromptEndpoint.Chat, "\"messages\":[{\"role\":\"user\",\"content\":\"a\"@}]")]
    [InlineData(PromptEndpoint.Messages, "\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"tool_result\",\"content\":\"a\"@}]}]")]
    [InlineData(PromptEndpoint.Responses, "\"input\":[{\"role\":\"user\",\"content\":\"a\"@}]")]
    public void Canonical_WithAndWithoutCacheControl_IsTheSame(PromptEndpoint endpoint, string body)
    {
        using var with = Canonical(body.Replace("@", ",\"cache_control\":{\"type\":\"ephemeral\"}", StringComparison.Ordinal), endpoint);
        using var without = Canonical(body.Replace("@", "", StringComparison.Ordinal), endpoint);

        Assert.Equal(without.Text.ToArray(), with.Text.ToArray());
    }

    [Fact]
    public void Canonical_OfItemsWithOtherIds_IsTheSame()
    {
        const string Body = """ "input":[{"type":"message","id":"@","status":"@","role":"user","content":"a"},"""
            + """{"type":"function_call","id":"@","call_id":"c1","name":"f","arguments":"{}"}]""";
        using var one = Canonical(Body.Replace("@", "one", StringComparison.Ordinal), PromptEndpoint.Responses);
        using var other = Canonical(Body.Replace("@", "other", StringComparison.Ordinal), PromptEndpoint.Responses);
        using var call = Canonical(Body.Replace("c1", "c2", StringComparison.Ordinal), PromptEndpoint.Responses);

        Assert.Equal(one.Text.ToArray(), other.Text.ToArray());
        Assert.NotEqual(one.Text.ToArray(), call.Text.ToArray());
    }

    private static CanonicalPrompt Canonical(string members, PromptEndpoint endpoint)
    {
        var body = PromptBody.Read(Encoding.UTF8.GetBytes($"{{{members}}}"), endpoint)!;
        return CanonicalPrompt.Build(new EditablePrompt(body, "id", isWarmUp: false));
    }
}
