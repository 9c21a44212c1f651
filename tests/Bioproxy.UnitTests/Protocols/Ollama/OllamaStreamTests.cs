using System.Text;
using System.Text.Json.Nodes;
using Bioproxy.Host.Protocols.Ollama;
using Bioproxy.UnitTests.Backends;

namespace Bioproxy.UnitTests.Protocols.Ollama;

/// <summary>Event streams of llama-server as lines for Ollama clients.</summary>
public sealed class OllamaStreamTests
{
    private const string Head = "\"model\":\"m\",\"created_at\":\"2026-01-02T03:04:05.0000000Z\",";

    [Fact]
    public void Chat_Stream_IsALineForEachPieceAndOneWithTheFigures()
    {
        var lines = Lines(RecordedAnswers.Stream);

        Assert.Equal(
            [
                "{" + Head + "\"" + """message":{"role":"assistant","content":"\""},"done":false}""",
                "{" + Head + "\"" + """message":{"role":"assistant","content":"L\u00e4😀"},"done":false}""",
                "{" + Head + "\"" + """message":{"role":"assistant","content":""},"done":true,"done_reason":"length","""
                    + "\"" + """total_duration":5000000000,"load_duration":4998368000,"""
                    + "\"" + """prompt_eval_count":22,"prompt_eval_duration":918000,"eval_count":2,"""
                    + "\"" + """eval_duration":714000}""",
            ],
            lines);
    }

    [Fact]
    public void Generate_Stream_HasAResponse()
    {
        var lines = Lines(RecordedAnswers.Thinking, OllamaCall.Generate).Select(line => JsonNode.Parse(line)!).ToList();

        Assert.Equal(["2+2 ", "is 4", null, null], lines.Select(line => (string?)line["thinking"]));
        Assert.Equal(["", "", "4", ""], lines.Select(line => (string?)line["response"]));
        Assert.All(lines, line => Assert.Null(line["message"]));
        Assert.Equal("stop", (string?)lines[^1]["done_reason"]);
    }

    [Fact]
    public void Chat_ToolCallsInPieces_AreOneMessage()
    {
        var lines = Lines(RecordedAnswers.Tools);

        Assert.Equal(2, lines.Count);
        Assert.Equal(
            "{" + Head + "\"" + """message":{"role":"assistant","content":"","tool_calls":[{"id":"a1","function":{"index":0,"""
                + "\"" + """name":"weather","arguments":{"place":"Köln","n":1.0}}},{"id":"a2","""
                + "\"" + """function":{"index":1,"name":"time","arguments":{}}}]},"done":false}""",
            lines[0]);
        Assert.Equal("stop", (string?)JsonNode.Parse(lines[1])!["done_reason"]);
    }

    [Fact]
    public void Chat_ToolCallCutOff_StillHasAnObject()
    {
        var lines = Lines(
            RecordedAnswers.Delta("""{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{\"a\":"}}]}""")
            + RecordedAnswers.Delta("{}", "length") + "data: [DONE]\n\n");

        Assert.Contains("""{"index":0,"name":"f","arguments":{}}""", lines[0], StringComparison.Ordinal);
        Assert.Contains("\"done_reason\":\"length\"", lines[1], StringComparison.Ordinal);
    }

    [Fact]
    public void Generate_Completion_IsReadAsWell()
    {
        var events = """
            data: {"choices":[{"text":"G","index":0,"logprobs":null,"finish_reason":null}],"model":"tiny","object":"text_completion"}

            data: {"choices":[{"text":"","index":0,"finish_reason":"length"}],"usage":{"completion_tokens":2,"prompt_tokens":3}}

            data: [DONE]


            """;

        var lines = Lines(events, OllamaCall.Generate).Select(line => JsonNode.Parse(line)!).ToList();

        Assert.Equal(["G", ""], lines.Select(line => (string?)line["response"]));
        Assert.Equal((3, 2), ((int)lines[1]["prompt_eval_count"]!, (int)lines[1]["eval_count"]!));
    }

    [Fact]
    public void Generate_Infill_IsReadAsWell()
    {
        var lines = Lines(
            "data: {\"index\":0,\"content\":\"a\",\"stop\":false}\n\n"
            + "data: {\"index\":0,\"content\":\"\",\"stop\":true,\"stop_type\":\"limit\"," + RecordedAnswers.Timings.Trim() + "}\n\n",
            OllamaCall.Generate).Select(line => JsonNode.Parse(line)!).ToList();

        Assert.Equal(["a", ""], lines.Select(line => (string?)line["response"]));
        Assert.Equal(("length", 22), ((string?)lines[1]["done_reason"], (int)lines[1]["prompt_eval_count"]!));
    }

    [Fact]
    public void Chat_Recorded_EndsWithTheFiguresOfTheServer()
    {
        var last = JsonNode.Parse(Lines(CapturedAnswers.ChatStream)[^1])!;

        Assert.Equal((true, "length", 3), ((bool)last["done"]!, (string?)last["done_reason"], (int)last["eval_count"]!));
    }

    [Theory]
    [InlineData("data: {\"error\":{\"code\":500,\"message\":\"it broke\"}}\n\n", "it broke")]
    [InlineData("data: {\"error\":\"it broke\"}\n\ndata: [DONE]\n\n", "it broke")]
    [InlineData("", "The backend's answer broke off.")]
    [InlineData("data: [DONE]\n\n", "The backend's answer broke off.")]
    [InlineData("data: {\"choices\":[{\"delta\":{\"con", "The backend's answer broke off within an event.")]
    [InlineData("data: nonsense\n\n", "The backend sent an event that is not JSON.")]
    public void Chat_StreamEndsBadly_LastLineIsAnError(string events, string message)
    {
        var lines = Lines(RecordedAnswers.Delta("""{"content":"a"}""") + events);

        Assert.Equal(2, lines.Count);
        Assert.Equal($$"""{"error":"{{message}}"}""", lines[1]);
    }

    [Fact]
    public void Chat_WithoutAModelsName_TakesTheBackends()
    {
        var line = Lines(RecordedAnswers.Stream, model: null)[0];

        Assert.Equal("tiny", (string?)JsonNode.Parse(line)!["model"]);
    }

    /// <summary>Reads end anywhere: inside of an event, of a character, of a line end.</summary>
    [Fact]
    public void Stream_CutAnywhere_GivesTheSameLines()
    {
        var streams = new[]
        {
            RecordedAnswers.Stream, RecordedAnswers.Thinking, RecordedAnswers.Tools, CapturedAnswers.ChatStream,
            RecordedAnswers.Delta("""{"content":"a"}""") + RecordedAnswers.Error,
            RecordedAnswers.Stream.ReplaceLineEndings("\r\n"),
        };
        foreach (var stream in streams)
        {
            var whole = Lines(stream);
            for (var seed = 0; seed < 200; seed++)
            {
                var random = new Random(seed);
                var longest = 1 + (seed % 40);
                Assert.True(
                    whole.SequenceEqual(Lines(stream, next: () => random.Next(1, longest + 1))), $"seed {seed} of {stream[..80]}");
            }
        }
    }

    /// <summary>What is complete goes out with the read that completed it.</summary>
    [Fact]
    public void Stream_Piece_IsPassedOnAtOnce()
    {
        using var filter = NewStream(OllamaCall.Chat, "m");

        var first = Encoding.UTF8.GetBytes(RecordedAnswers.Delta("""{"content":"a"}"""));

        Assert.True(filter.Pass(first.AsMemory(0, first.Length - 1)).IsEmpty);
        Assert.EndsWith("\n", Encoding.UTF8.GetString(filter.Pass(first.AsMemory(first.Length - 1)).Span), StringComparison.Ordinal);
    }

    private static OllamaStream NewStream(OllamaCall call, string? model)
    {
        var time = new FakeTimeProvider(new DateTimeOffset(2026, 1, 2, 3, 4, 0, TimeSpan.Zero));
        var started = time.GetTimestamp();
        time.Advance(TimeSpan.FromSeconds(5));
        return new OllamaStream(new OllamaAnswer(new OllamaRequest(call, model, "", default), started, time));
    }

    private static List<string> Lines(string events, OllamaCall call = OllamaCall.Chat, string? model = "m", Func<int>? next = null)
    {
        using var filter = NewStream(call, model);
        var bytes = Encoding.UTF8.GetBytes(events);
        var text = new List<byte>();
        for (var at = 0; at < bytes.Length;)
        {
            var length = Math.Min(next?.Invoke() ?? bytes.Length, bytes.Length - at);
            text.AddRange(filter.Pass(bytes.AsMemory(at, length)).ToArray());
            at += length;
        }

        text.AddRange(filter.End().ToArray());
        var all = Encoding.UTF8.GetString([.. text]);
        Assert.EndsWith("\n", all, StringComparison.Ordinal);
        return [.. all[..^1].Split('\n')];
    }
}
