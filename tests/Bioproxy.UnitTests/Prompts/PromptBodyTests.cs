using System.Text;
using Bioproxy.Abstractions;
using Bioproxy.Host.Json;
using Bioproxy.Host.Prompts;

namespace Bioproxy.UnitTests.PromptTests;

public sealed class PromptBodyTests
{
    [Fact]
    public void Read_RandomBodies_FindsExactlyTheMessages()
    {
        var bodies = new ChatBodies(11);
        for (var round = 0; round < 3000; round++)
        {
            var (bytes, messages) = bodies.Next();
            var body = PromptBody.Read(bytes, PromptEndpoint.Chat);

            Assert.NotNull(body);
            Assert.Equal(messages.Select(m => m.Role), body.Messages.Select(m => m.Role));
            Assert.Equal(
                messages.SelectMany(m => m.Parts),
                body.Messages.SelectMany(m => m.Parts).Select(p => p.IsText ? JsonText.StringOrNull(p.Range.Of(bytes)) : null));
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("\"messages\"")]
    [InlineData("{")]
    [InlineData("{\"messages\":[}")]
    [InlineData("{} {}")]
    [InlineData("{\"a\":1,}")]
    [InlineData("{/* */}")]
    public void Read_NoJsonObject_IsNothing(string body) => Assert.Null(PromptBody.Read(Encoding.UTF8.GetBytes(body), PromptEndpoint.Chat));

    [Fact]
    public void Read_DeeperThanAnybodyNests_IsRead()
    {
        var body = Chat(
            $$$"""{"x":{{{new string('[', 100_000)}}}{{{new string(']', 100_000)}}},"messages":[{"role":"user","content":"a"}]}""");

        Assert.Equal("a", Text(body!, Assert.Single(Assert.Single(body!.Messages).Parts)));
    }

    [Theory]
    [InlineData("", "it is not JSON in UTF-8 (line 1, byte 1)")]
    [InlineData("{\n \"a\":x}", "it is not JSON in UTF-8 (line 2, byte 6)")]
    [InlineData("[]", "it is JSON, but not an object")]
    [InlineData("{\"\\ud800\":1}", "the name of a member is not Unicode")]
    public void Problem_OfABody_QuotesNothingOfIt(string body, string expected) =>
        Assert.Equal(expected, PromptBody.ProblemOf(Encoding.UTF8.GetBytes(body)));

    [Fact]
    public void Read_Duplicates_TheLastCounts()
    {
        var body = Chat(
            """{"model":"a","stream":true,"messages":[{"role":"user","content":"a"}]"""
            + ""","model":"b","stream":false,"messages":[{"role":"x","role":"user","content":"b","content":"c"}]"""
            + ""","id_slot":1,"id_slot":2}""")!;

        Assert.Equal(("b", false), (body.Model, body.IsStream));
        var message = Assert.Single(body.Messages);
        Assert.Equal(("user", "c"), (message.Role, Text(body, Assert.Single(message.Parts))));
        Assert.Equal("2", Encoding.ASCII.GetString(body.IdSlot!.Value.Of(body.Body.Span)));
    }

    [Fact]
    public void Read_NestedMembersOfTheSameName_AreNotTheRequests()
    {
        var body = Chat("""{"x":{"model":"no","messages":[{"role":"user"}],"stream":true,"id_slot":3,"n":4,"cache_prompt":false}}""")!;

        Assert.Null(body.Model);
        Assert.Empty(body.Messages);
        Assert.False(body.IsStream);
        Assert.Null(body.IdSlot);
        Assert.Equal(1, body.Generations);
        Assert.True(body.WantsCache);
    }

    [Theory]
    [InlineData("""{"model":null}""", null)]
    [InlineData("""{"model":3}""", null)]
    [InlineData("""{"model":{"a":1}}""", null)]
    [InlineData("""{"model":"\ud800"}""", null)]
    [InlineData("""{"m\u006fdel":"\u0061b"}""", "ab")]
    public void Model_OnlyAString_IsOne(string json, string? expected) => Assert.Equal(expected, Chat(json)!.Model);

    [Theory]
    [InlineData("""{"stream":true}""", true)]
    [InlineData("""{"stream":false}""", false)]
    [InlineData("""{"stream":"true"}""", false)]
    [InlineData("""{"stream":{"a":true}}""", false)]
    [InlineData("""{"stream":null}""", false)]
    public void Stream_OnlyTrue_IsOne(string json, bool expected) => Assert.Equal(expected, Chat(json)!.IsStream);

    [Theory]
    [InlineData("""{}""", 1)]
    [InlineData("""{"n":1}""", 1)]
    [InlineData("""{"n":3}""", 3)]
    [InlineData("""{"n":2.0}""", 2)]
    [InlineData("""{"n_cmpl":2}""", 2)]
    [InlineData("""{"n":0}""", 1)]
    [InlineData("""{"n":-5}""", 1)]
    [InlineData("""{"n":null}""", 1)]
    [InlineData("""{"n":"4"}""", 1)]
    [InlineData("""{"n":[4]}""", 1)]
    [InlineData("""{"n":1e300}""", 16384)]
    public void Generations_OfAChat_AreItsChoices(string json, int expected) => Assert.Equal(expected, Chat(json)!.Generations);

    [Theory]
    [InlineData("""{"prompt":"a"}""", 1, true)]
    [InlineData("""{"prompt":["a","b","c"]}""", 3, false)]
    [InlineData("""{"prompt":["a","b"],"n":2}""", 4, false)]
    [InlineData("""{"prompt":["a"]}""", 1, true)]
    [InlineData("""{"prompt":[1,2,3]}""", 1, true)]
    [InlineData("""{"prompt":[1,"a",3]}""", 1, true)]
    [InlineData("""{"prompt":[[1,2],[3]]}""", 2, false)]
    [InlineData("""{"prompt":[]}""", 1, true)]
    [InlineData("""{"prompt":{"prompt_string":"a"}}""", 1, true)]
    public void Generations_OfACompletion_AreItsPrompts(string json, int expected, bool hasChain)
    {
        var body = Read(json, PromptEndpoint.Completion)!;

        Assert.Equal((expected, hasChain), (body.Generations, body.HasChain));
    }

    [Theory]
    [InlineData("""{"messages":[{"role":"user","content":"a"}]}""", true)]
    [InlineData("""{"messages":[]}""", false)]
    [InlineData("""{"messages":"a"}""", false)]
    [InlineData("""{}""", false)]
    [InlineData("""{"messages":[{"role":"user","content":"a"}],"cache_prompt":false}""", false)]
    [InlineData("""{"messages":[{"role":"user","content":"a"}],"cache_prompt":true}""", true)]
    public void HasChain_PromptAndWish_Decide(string json, bool expected) => Assert.Equal(expected, Chat(json)!.HasChain);

    [Theory]
    [InlineData("""{"tools":[{"a":[1,2]},{"b":1}]}""", 2)]
    [InlineData("""{"tools":[ ]}""", 0)]
    [InlineData("""{"tools":null}""", 0)]
    [InlineData("""{"tools":{"a":1}}""", 0)]
    [InlineData("""{"tools":[1,2],"tools":[1]}""", 1)]
    [InlineData("""{"tools":[1,2],"tools":null}""", 0)]
    public void Tools_OfTheLastMember_AreCounted(string json, int count) => Assert.Equal(count, Chat(json)!.Tools);

    [Theory]
    [InlineData("max_tokens", "5", 5)]
    [InlineData("max_completion_tokens", "5", 5)]
    [InlineData("max_output_tokens", "5", 5)]
    [InlineData("n_predict", "5", 5)]
    [InlineData("n_predict", "-1", null)]
    [InlineData("max_tokens", "null", null)]
    [InlineData("max_tokens", "\"5\"", null)]
    [InlineData("max_tokens", "12345678901234567890", null)]
    public void MaxTokens_AnyName_IsTheLimit(string name, string value, int? limit) =>
        Assert.Equal(limit, Chat($$"""{"{{name}}":{{value}}}""")!.MaxTokens);

    [Theory]
    [InlineData("""{"response_format":{"type":"json_schema"}}""", true)]
    [InlineData("""{"json_schema":{"a":1}}""", true)]
    [InlineData("""{"response_format":{"type":"text"}}""", false)]
    [InlineData("{}", false)]
    public void HasSchema_Format_Decides(string json, bool expected) => Assert.Equal(expected, Chat(json)!.HasSchema);

    [Fact]
    public void Messages_StrangeOnes_AreKeptAsTheyAre()
    {
        var body = Chat(
            """{"messages":["text",{"role":5,"content":"a"},{"content":null},{"role":"user"},{"role":"user","content":{"a":1}},"""
            + """{"role":"user","content":["x",{"type":"text"},{"type":"text","text":7}]}]}""")!;

        Assert.Equal(["", "", "", "user", "user", "user"], body.Messages.Select(m => m.Role));
        Assert.Equal(
            ["unknown", "text", "", "", "unknown", "unknown,text,text"],
            body.Messages.Select(m => string.Join(',', m.Parts.Select(p => p.Type))));
        Assert.Equal([false, true, false, false, false, false], body.Messages.Select(m => m.Parts.Any(p => p.IsText)));
    }

    [Fact]
    public void Messages_OtherMembers_AreKeptInOrderWithTheirNames()
    {
        var body = Chat("""{"messages":[{"tool_calls" : [1, 2],"role":"assistant","content":"a","name":"n"}]}""")!;

        var others = Assert.Single(body.Messages).Others.Select(o => (Bytes(body, o.Name).Trim(), Bytes(body, o.Value)));
        Assert.Equal([("\"tool_calls\"", "[1, 2]"), ("\"name\"", "\"n\"")], others);
    }

    [Fact]
    public void Responses_InputString_IsOneUserMessage()
    {
        var body = Read("""{"input":"hello","instructions":"be"}""", PromptEndpoint.Responses)!;

        Assert.Equal("user", Assert.Single(body.Messages).Role);
        Assert.Equal("instructions", Assert.Single(body.Head).Name);
    }

    [Fact]
    public void Responses_InputList_TextPartsAreFound()
    {
        var body = Read(
            """{"input":[{"role":"user","content":[{"type":"input_text","text":"a"},{"type":"input_image"}]},"""
            + """{"role":"assistant","content":[{"type":"output_text","text":"b"}]}]}""",
            PromptEndpoint.Responses)!;

        Assert.Equal([true, false, true], body.Messages.SelectMany(m => m.Parts).Select(p => p.IsText));
    }

    [Theory]
    [InlineData(PromptEndpoint.Chat, """{"prompt":"a","input":"b"}""")]
    [InlineData(PromptEndpoint.Completion, """{"messages":[{"role":"user","content":"a"}],"input":"b"}""")]
    [InlineData(PromptEndpoint.Responses, """{"messages":[{"role":"user","content":"a"}],"prompt":"b"}""")]
    public void Messages_OfAnotherEndpoint_AreNone(PromptEndpoint endpoint, string json) => Assert.Empty(Read(json, endpoint)!.Messages);

    [Theory]
    [InlineData("""{"tools":[],"response_format":null,"chat_template_kwargs":{},"reasoning":null}""", "")]
    [InlineData("""{"tools":[1],"tools":[]}""", "")]
    [InlineData("""{"response_format":{"type":"text"}}""", "")]
    [InlineData("""{"tools":[1],"lora":[{"id":0}],"temperature":1}""", "tools,lora")]
    [InlineData("""{"lora":[{"id":0}],"t\u006fols":[1]}""", "tools,lora")]
    public void Head_WhatSaysNothing_IsLeftOut(string json, string expected) =>
        Assert.Equal(expected, string.Join(',', Chat(json)!.Head.Select(h => h.Name)));

    [Theory]
    [InlineData("""{"a":1}""", 2, """{"id_slot":2,"a":1}""")]
    [InlineData("""  { "a":1}""", 0, """  {"id_slot":0, "a":1}""")]
    [InlineData("""{}""", 3, """{"id_slot":3}""")]
    [InlineData("""{ }""", 3, """{"id_slot":3 }""")]
    [InlineData("""{"id_slot": 7 ,"a":1}""", 2, """{"id_slot": 2 ,"a":1}""")]
    [InlineData("""{"id_slot":7}""", -1, """{"id_slot":-1}""")]
    [InlineData("""{"id_slot":1,"id_slot":"x"}""", 2, """{"id_slot":1,"id_slot":2}""")]
    [InlineData("""{"id_\u0073lot":{"a":[]},"b":1}""", 2, """{"id_\u0073lot":2,"b":1}""")]
    public void Pin_Body_HasExactlyThatChange(string json, int slot, string expected)
    {
        var body = Chat(json)!;

        Assert.Equal(expected, Encoding.UTF8.GetString(new SplicedBody(body.Body, [body.Splices.Pin(slot)]).ToArray()));
    }

    private static PromptBody? Chat(string json) => Read(json, PromptEndpoint.Chat);

    private static PromptBody? Read(string json, PromptEndpoint endpoint) => PromptBody.Read(Encoding.UTF8.GetBytes(json), endpoint);

    private static string? Text(PromptBody body, PartRange part) => JsonText.StringOrNull(part.Range.Of(body.Body.Span));

    private static string Bytes(PromptBody body, JsonRange range) => Encoding.UTF8.GetString(range.Of(body.Body.Span));
}
