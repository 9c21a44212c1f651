using System.Text;
using System.Text.Json.Nodes;
using Bioproxy.Host.Http;
using Bioproxy.Host.Protocols.Ollama;

namespace Bioproxy.UnitTests.Protocols.Ollama;

/// <summary>Bodies of Ollama clients, and what llama-server gets in their place.</summary>
public sealed class OllamaRequestTests
{
    private const string Stream = ""","stream":true,"stream_options":{"include_usage":true}""";

    /// <summary>The members of a chat beside its message, which is "Hi".</summary>
    public static TheoryData<string, string> Members() => new()
    {
        { "", Stream },
        { ""","stream":null,"format":null,"options":null,"tools":[],"think":null,"keep_alive":"5m" """, Stream },
        { ""","stream":false""", ""","stream":false""" },
        { ""","stream":false,"stream":true""", Stream },
        {
            ""","stream":false,"options":{"temperature":0.10,"top_k":40,"seed":9007199254740993,"stop":["\u0041"],"num_ctx":4096}""",
            ""","stream":false,"temperature":0.10,"top_k":40,"seed":9007199254740993,"stop":["\u0041"]"""
        },
        {
            ""","stream":false,"options":{"min_p":0.05,"top_p":null,"repeat_penalty":1.1,"presence_penalty":1,"frequency_penalty":2}""",
            ""","stream":false,"min_p":0.05,"repeat_penalty":1.1,"presence_penalty":1,"frequency_penalty":2"""
        },
        { ""","stream":false,"options":{"num_predict":7}""", ""","stream":false,"max_tokens":7""" },
        { ""","stream":false,"options":{"num_predict":-1}""", ""","stream":false""" },
        { ""","stream":false,"format":"json" """, ""","stream":false,"response_format":{"type":"json_object"}""" },
        {
            ""","stream":false,"format":{"type":"object", "maximum":1e400}""",
            ""","stream":false,"response_format":{"type":"json_schema","json_schema":"""
            + """{"name":"format","schema":{"type":"object", "maximum":1e400}}}"""
        },
        { ""","stream":false,"format":"" """, ""","stream":false""" },
        {
            ""","stream":false,"tools":[{"type":"function","function":{"name":"f"}}]""",
            ""","stream":false,"tools":[{"type":"function","function":{"name":"f"}}]"""
        },
        { ""","stream":false,"think":true""", ""","stream":false,"chat_template_kwargs":{"enable_thinking":true}""" },
        { ""","stream":false,"think":false""", ""","stream":false,"chat_template_kwargs":{"enable_thinking":false}""" },
        {
            ""","stream":false,"think":"low" """,
            ""","stream":false,"reasoning_effort":"low","chat_template_kwargs":{"enable_thinking":true,"reasoning_effort":"low"}"""
        },
    };

    [Theory]
    [MemberData(nameof(Members))]
    public void Chat_Members_AreThoseOfLlamaServer(string sent, string expected) => Assert.Equal(
        $$"""{"model":"m","messages":[{"role":"user","content":"Hi"}]{{expected}}}""",
        Text($$"""{"model":"m","messages":[{"role":"user","content":"Hi"}]{{sent}}}""", OllamaCall.Chat));

    /// <summary>The messages of a chat.</summary>
    public static TheoryData<string, string> Messages() => new()
    {
        {
            """{"role":"system","content":"caf\u00e9 \ud83d\ude00"},{"role":"user","content":null}""",
            """{"role":"system","content":"caf\u00e9 \ud83d\ude00"},{"role":"user","content":""}"""
        },
        {
            """{"role":"user","content":"Look","images":["iVBORw0KGgo","\/9j\/4AAQ"]}""",
            """{"role":"user","content":[{"type":"text","text":"Look"},"""
            + """{"type":"image_url","image_url":{"url":"data:image/png;base64,iVBORw0KGgo"}},"""
            + """{"type":"image_url","image_url":{"url":"data:image/jpeg;base64,\/9j\/4AAQ"}}]}"""
        },
        {
            """{"role":"user","content":"","images":["data:image/webp;base64,UklG"]}""",
            """{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/webp;base64,UklG"}}]}"""
        },
        { """{"role":"user","content":"a","images":[]}""", """{"role":"user","content":"a"}""" },
        {
            """{"role":"user","content":[{"type":"text","text":"a"}]}""",
            """{"role":"user","content":[{"type":"text","text":"a"}]}"""
        },
        {
            """{"role":"assistant","content":"4","thinking":"2+2"}""",
            """{"role":"assistant","content":"4","reasoning_content":"2+2"}"""
        },
        {
            """{"role":"assistant","content":"","tool_calls":[{"function":{"name":"w","arguments":{"n":1.0}}},"""
            + """{"function":{"name":"v","arguments":{}}}]},{"role":"tool","content":"5","tool_name":"v"},"""
            + """{"role":"tool","content":"6","tool_name":"w"}""",
            """{"role":"assistant","content":"","tool_calls":[{"id":"call_0","type":"function","function":"""
            + """{"name":"w","arguments":"{\"n\":1.0}"}},{"id":"call_1","type":"function","function":{"name":"v","arguments":"{}"}}]},"""
            + """{"role":"tool","content":"5","tool_call_id":"call_1","name":"v"},"""
            + """{"role":"tool","content":"6","tool_call_id":"call_0","name":"w"}"""
        },
        {
            """{"role":"assistant","tool_calls":[{"id":"x","function":{"name":"w","arguments":"{\"n\":1}"}}]},"""
            + """{"role":"tool","content":"5","tool_call_id":"x"}""",
            """{"role":"assistant","content":"","tool_calls":[{"id":"x","type":"function","function":"""
            + """{"name":"w","arguments":"{\"n\":1}"}}]},{"role":"tool","content":"5","tool_call_id":"x"}"""
        },
        { """{"role":"tool","content":"5"}""", """{"role":"tool","content":"5"}""" },
    };

    [Theory]
    [MemberData(nameof(Messages))]
    public void Chat_Messages_AreThoseOfLlamaServer(string sent, string expected) => Assert.Equal(
        $$"""{"messages":[{{expected}}],"stream":false}""",
        Text($$"""{"messages":[{{sent}}],"stream":false}""", OllamaCall.Chat));

    [Theory]
    [InlineData("""{"model":"m","prompt":"Hi","stream":false}""", "/v1/chat/completions",
        """{"model":"m","messages":[{"role":"user","content":"Hi"}],"stream":false}""")]
    [InlineData("""{"model":"m","system":"Be short.","prompt":"","images":["iVBOR"],"stream":false,"options":{"num_predict":3}}""",
        "/v1/chat/completions",
        """{"model":"m","messages":[{"role":"system","content":"Be short."},{"role":"user","content":[{"type":"image_url","image_url":"""
        + """{"url":"data:image/png;base64,iVBOR"}}]}],"stream":false,"max_tokens":3}""")]
    [InlineData("""{"model":"m","prompt":"<|x|>Hi","raw":true,"system":"ignored","stream":false,"options":{"num_predict":3}}""",
        "/v1/completions", """{"model":"m","prompt":"<|x|>Hi","stream":false,"max_tokens":3}""")]
    [InlineData("""{"model":"m","prompt":"def f(","suffix":"return","stream":false,"options":{"num_predict":3}}""",
        "/infill", """{"model":"m","input_prefix":"def f(","input_suffix":"return","stream":false,"n_predict":3}""")]
    public void Generate_Forms_GoToTheirPath(string sent, string path, string expected)
    {
        var request = Read(sent, OllamaCall.Generate);

        Assert.Equal((path, expected), (request.Path, Encoding.UTF8.GetString(request.Body.Span)));
    }

    [Theory]
    [InlineData(nameof(OllamaCall.Embed), """{"model":"m","input":["a","b"],"truncate":true,"dimensions":8}""",
        """{"model":"m","input":["a","b"],"dimensions":8}""")]
    [InlineData(nameof(OllamaCall.Embed), """{"model":"m","input":"a"}""", """{"model":"m","input":"a"}""")]
    [InlineData(nameof(OllamaCall.Embeddings), """{"model":"m","prompt":"a"}""", """{"model":"m","input":"a"}""")]
    public void Embed_Inputs_GoToEmbeddings(string call, string sent, string expected)
    {
        var request = Read(sent, Enum.Parse<OllamaCall>(call));

        Assert.Equal(("/v1/embeddings", expected), (request.Path, Encoding.UTF8.GetString(request.Body.Span)));
    }

    [Theory]
    [InlineData(nameof(OllamaCall.Chat), """{"model":"m"}""", "load")]
    [InlineData(nameof(OllamaCall.Chat), """{"model":"m","messages":[],"keep_alive":0}""", "unload")]
    [InlineData(nameof(OllamaCall.Chat), """{"model":"m","messages":[],"keep_alive":"10m"}""", "load")]
    [InlineData(nameof(OllamaCall.Generate), """{"model":"m","keep_alive":-1}""", "load")]
    [InlineData(nameof(OllamaCall.Generate), """{"model":"m","prompt":"","keep_alive":"0s"}""", "unload")]
    [InlineData(nameof(OllamaCall.Embed), """{"model":"m","input":[]}""", "load")]
    public void Request_WithoutAPrompt_IsALoad(string call, string sent, string reason)
    {
        var request = Read(sent, Enum.Parse<OllamaCall>(call));

        Assert.Equal((reason, "m"), (request.DoneReason, request.Model));
    }

    [Theory]
    [InlineData("Hello", "not JSON")]
    [InlineData("[]", "JSON object")]
    [InlineData("""{"messages":{}}""", "messages must be a list")]
    [InlineData("""{"messages":["Hi"]}""", "messages[0] must have a role")]
    [InlineData("""{"messages":[{"role":"user","content":5}]}""", "content of a message must be a text")]
    [InlineData("""{"messages":[{"role":"user","content":"x","images":[5]}]}""", "base64")]
    [InlineData("""{"messages":[{"role":"assistant","tool_calls":[{}]}]}""", "function with a name")]
    [InlineData("""{"messages":[{"role":"user"}],"stream":"yes"}""", "stream must be true or false")]
    [InlineData("""{"messages":[{"role":"user"}],"options":[]}""", "options must be an object")]
    [InlineData("""{"messages":[{"role":"user"}],"format":"xml"}""", "format must be")]
    [InlineData("""{"messages":[{"role":"user"}],"think":"hard"}""", "think must be")]
    [InlineData("""{"model":"\ud800","messages":[{"role":"user"}]}""", null)]
    public void Chat_CannotBeRead_IsA400ThatSaysWhy(string body, string? word)
    {
        var (request, failure) = OllamaRequest.Read(Encoding.UTF8.GetBytes(body), OllamaCall.Chat);

        if (word is null)
        {
            Assert.Null(request!.Model); // a lone surrogate names no model
            return;
        }

        Assert.Equal((400, FailureKind.ClientBodyInvalid), (failure!.Status, failure.Kind));
        Assert.Contains(word, failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Generate_Template_IsRefused()
    {
        var (_, failure) = OllamaRequest.Read("""{"prompt":"a","template":"{{ .Prompt }}"}"""u8.ToArray(), OllamaCall.Generate);

        Assert.Contains("raw: true", failure!.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"model":"a"}""", "a")]
    [InlineData("""{"name":"b"}""", "b")]
    [InlineData("""{"model":5}""", null)]
    [InlineData("nonsense", null)]
    public void ModelOf_Body_IsTheNameInIt(string body, string? expected) =>
        Assert.Equal(expected, OllamaRequest.ModelOf(Encoding.UTF8.GetBytes(body)));

    private static OllamaRequest Read(string body, OllamaCall call)
    {
        var (request, failure) = OllamaRequest.Read(Encoding.UTF8.GetBytes(body), call);
        Assert.Null(failure);
        return request!;
    }

    private static string Text(string body, OllamaCall call)
    {
        var text = Encoding.UTF8.GetString(Read(body, call).Body.Span);
        if (!body.Contains("1e400", StringComparison.Ordinal))
            Assert.NotNull(JsonNode.Parse(text));
        return text;
    }
}
