using System.Text;
using System.Text.Json.Nodes;
using Bioproxy.Host.Protocols.Ollama;
using Bioproxy.UnitTests.Backends;

namespace Bioproxy.UnitTests.Protocols.Ollama;

/// <summary>Whole answers of llama-server as Ollama clients get them.</summary>
public sealed class OllamaAnswerTests
{
    private const string Head = "{\"model\":\"m\",\"created_at\":\"2026-01-02T03:04:05.0000000Z\",";

    [Fact]
    public void Chat_Whole_HasMessageReasonAndFigures()
    {
        var answer = Translate(CapturedAnswers.ChatWhole, OllamaCall.Chat);

        Assert.Equal(
            Head + "\"" + """message":{"role":"assistant","content":"$@!"},"done":true,"done_reason":"length","""
                + "\"" + """total_duration":5000000000,"load_duration":4998146000,"""
                + "\"" + """prompt_eval_count":29,"prompt_eval_duration":1578000,"eval_count":3,"""
                + "\"" + """eval_duration":276000}""",
            answer);
    }

    [Fact]
    public void Chat_ToolCallsAndThinking_AreInTheMessage()
    {
        var answer = JsonNode.Parse(Translate(
            """{"choices":[{"finish_reason":"tool_calls","message":{"role":"assistant","content":null,"reasoning_content":"hm","""
                + "\"" + """tool_calls":[{"id":"a","type":"function","function":{"name":"f","arguments":"{\"a\": 1.0}"}}]}}],"""
                + "\"" + """usage":{"prompt_tokens":4,"completion_tokens":5}}""",
            OllamaCall.Chat)!)!;

        Assert.Equal(
            """{"role":"assistant","content":"","thinking":"hm","tool_calls":[{"id":"a","function":{"index":0,"name":"f","""
                + "\"" + """arguments":{"a":1.0}}}]}""",
            answer["message"]!.ToJsonString());
        Assert.Equal(
            ("stop", 4, 5), ((string?)answer["done_reason"], (int)answer["prompt_eval_count"]!, (int)answer["eval_count"]!));
    }

    [Fact]
    public void Generate_Whole_HasAResponse()
    {
        var answer = JsonNode.Parse(Translate(
            """{"choices":[{"text":"GI","index":0,"finish_reason":"length"}],"object":"text_completion"}""", OllamaCall.Generate)!)!;

        Assert.Equal(("GI", "length"), ((string?)answer["response"], (string?)answer["done_reason"]));
    }

    [Fact]
    public void Embed_Vectors_KeepTheirDigits()
    {
        const string Answer = """{"model":"x","usage":{"prompt_tokens":6},"data":[{"embedding":[0.10,-2e-3],"index":0},"""
            + """{"embedding":[1],"index":1}]}""";

        Assert.Equal(
            """{"model":"m","embeddings":[[0.10,-2e-3],[1]],"total_duration":5000000000,"load_duration":0,"prompt_eval_count":6}""",
            Translate(Answer, OllamaCall.Embed));
        Assert.Equal("""{"embedding":[0.10,-2e-3]}""", Translate(Answer, OllamaCall.Embeddings));
    }

    [Theory]
    [InlineData("<html>")]
    [InlineData("{}")]
    [InlineData("""{"choices":[]}""")]
    public void Answer_OfAnotherForm_IsNone(string body)
    {
        Assert.Null(Translate(body, OllamaCall.Chat));
        Assert.Null(Translate(body, OllamaCall.Embed));
    }

    [Theory]
    [InlineData(nameof(OllamaCall.Chat), Head + "\"" + """message":{"role":"assistant","content":""},"done":true,"done_reason":"load"}""")]
    [InlineData(nameof(OllamaCall.Generate), Head + "\"" + """response":"","done":true,"done_reason":"load"}""")]
    [InlineData(nameof(OllamaCall.Embed), """{"model":"m","embeddings":[]}""")]
    [InlineData(nameof(OllamaCall.Embeddings), """{"model":"m","embedding":[]}""")]
    public void Loaded_OfEachCall_HasItsForm(string call, string expected) =>
        Assert.Equal(expected, Encoding.UTF8.GetString(NewAnswer(Enum.Parse<OllamaCall>(call), "load").Loaded().Span));

    private static OllamaAnswer NewAnswer(OllamaCall call, string? reason = null)
    {
        var time = new FakeTimeProvider(new DateTimeOffset(2026, 1, 2, 3, 4, 0, TimeSpan.Zero));
        var started = time.GetTimestamp();
        time.Advance(TimeSpan.FromSeconds(5));
        return new OllamaAnswer(new OllamaRequest(call, "m", "", default, reason), started, time);
    }

    private static string? Translate(string answer, OllamaCall call) =>
        NewAnswer(call).Translate(Encoding.UTF8.GetBytes(answer)) is { } body ? Encoding.UTF8.GetString(body.Span) : null;
}
