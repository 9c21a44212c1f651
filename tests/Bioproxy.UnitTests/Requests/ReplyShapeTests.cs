using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Bioproxy.Abstractions;
using Bioproxy.Host.Requests;
using Bioproxy.Host.Transforms;

namespace Bioproxy.UnitTests.Requests;

public sealed class ReplyShapeTests
{
    private static readonly string[] Pieces = ["a \"q\"\r\n", "ä€😀", "", "\\ \u0001 </script> \u2028", "data: x\n\n"];
    private static readonly string Text = string.Concat(Pieces);

    public static TheoryData<PromptEndpoint, bool> Endpoints => new()
    {
        { PromptEndpoint.Chat, false },
        { PromptEndpoint.Completion, false },
        { PromptEndpoint.Completion, true },
        { PromptEndpoint.Responses, false },
        { PromptEndpoint.Messages, false },
    };

    [Theory]
    [MemberData(nameof(Endpoints))]
    public void Whole_Text_IsFoundInIt(PromptEndpoint endpoint, bool isNative)
    {
        using var document = JsonDocument.Parse(Shape(endpoint, isNative).Whole(Text, default));
        var texts = new AnswerTexts();

        texts.Read(document.RootElement, isStream: false);

        Assert.Equal(Text, Assert.Single(texts.Texts).Token.GetString());
        Assert.Equal(new ResponseChannel(ResponseTextKind.Answer, 0), texts.Texts[0].Channel);
    }

    [Theory]
    [MemberData(nameof(Endpoints))]
    public void Stream_Pieces_AreFoundInIt(PromptEndpoint endpoint, bool isNative)
    {
        var found = new List<string>();
        using var reader = new StreamTexts(found.Add);

        reader.Pass(Encoding.UTF8.GetBytes(Stream(Shape(endpoint, isNative))));

        Assert.Equal(Pieces.Where(piece => piece.Length > 0), found);
    }

    [Theory]
    [MemberData(nameof(Endpoints))]
    public void Stream_Events_AreWellFormed(PromptEndpoint endpoint, bool isNative)
    {
        var stream = Stream(Shape(endpoint, isNative));

        Assert.EndsWith("\n\n", stream, StringComparison.Ordinal);
        Assert.DoesNotContain('\r', stream);
        foreach (var one in stream[..^2].Split("\n\n"))
        {
            var lines = one.Split('\n');
            Assert.StartsWith("data: ", lines[^1], StringComparison.Ordinal);
            if (lines[^1] == "data: [DONE]")
                continue;
            var type = (string?)JsonNode.Parse(lines[^1][6..])!["type"];
            Assert.Equal(type is null ? [] : [$"event: {type}"], lines[..^1]);
        }
    }

    [Theory]
    [InlineData(
        PromptEndpoint.Chat,
        false,
        """{"choices":[{"finish_reason":"stop","index":0,"message":{"role":"assistant","content":"hi"}}]"""
        + ""","created":7,"model":"m","object":"chat.completion","id":"chatcmpl-ID"}""")]
    [InlineData(
        PromptEndpoint.Completion,
        false,
        """{"choices":[{"text":"hi","index":0,"logprobs":null,"finish_reason":"stop"}]"""
        + ""","created":7,"model":"m","object":"text_completion","id":"cmpl-ID"}""")]
    [InlineData(PromptEndpoint.Completion, true, """{"index":0,"content":"hi","tokens":[],"stop":true,"id_slot":-1,"model":"m"}""")]
    [InlineData(
        PromptEndpoint.Responses,
        false,
        """{"id":"resp_ID","object":"response","created_at":7,"status":"completed","model":"m","output":"""
        + """[{"type":"message","id":"msg_ID","status":"completed","role":"assistant","content":"""
        + """[{"type":"output_text","text":"hi","annotations":[]}]}]}""")]
    [InlineData(
        PromptEndpoint.Messages,
        false,
        """{"id":"msg_ID","type":"message","role":"assistant","model":"m","content":"""
        + """[{"type":"text","text":"hi"}],"stop_reason":"end_turn","stop_sequence":null}""")]
    public void Whole_Members_AreThoseOfTheEndpoint(PromptEndpoint endpoint, bool isNative, string expected)
    {
        var body = JsonNode.Parse(Shape(endpoint, isNative).Whole("hi", default))!.AsObject();
        body.Remove("usage");

        Assert.Equal(expected, body.ToJsonString());
    }

    [Theory]
    [InlineData(PromptEndpoint.Chat, false, "chatcmpl-ID", 7)]
    [InlineData(PromptEndpoint.Completion, false, "cmpl-ID", 6)]
    public void Stream_Chunks_CarryIdModelAndOneReasonOfTheEnd(PromptEndpoint endpoint, bool isNative, string id, int count)
    {
        var chunks = Transforms.AnswerStreams.Events(Stream(Shape(endpoint, isNative)));

        Assert.Equal("[DONE]", chunks[^1]);
        var nodes = chunks[..^1].Select(chunk => JsonNode.Parse(chunk)!).ToList();
        Assert.Equal(count, nodes.Count);
        Assert.All(nodes, node => Assert.Equal(
            (id, "m", 7, 0),
            ((string?)node["id"], (string?)node["model"], (int)node["created"]!, (int)node["choices"]![0]!["index"]!)));
        Assert.Equal(
            [.. Enumerable.Repeat<string?>(null, count - 1), "stop"],
            nodes.Select(node => (string?)node["choices"]![0]!["finish_reason"]));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Stream_UsageIsWanted_ItIsInAChunkOfItsOwn(bool isWanted)
    {
        var closing = Shape(PromptEndpoint.Chat, false).Closing("hi", new ReplyUsage(isWanted, Prompt: 30, Cached: 20, Generated: 5));

        var chunks = Transforms.AnswerStreams.Events(closing)[..^1].Select(chunk => JsonNode.Parse(chunk)!).ToList();
        Assert.Equal(isWanted ? 2 : 1, chunks.Count);
        Assert.Equal(
            isWanted
                ? """{"completion_tokens":5,"prompt_tokens":30,"total_tokens":35,"prompt_tokens_details":{"cached_tokens":20}}"""
                : null,
            chunks[^1]["usage"]?.ToJsonString());
        Assert.Equal(isWanted ? 0 : 1, chunks[^1]["choices"]!.AsArray().Count);
    }

    [Fact]
    public void Stream_Native_StopsOnceAtTheEnd()
    {
        var events = Transforms.AnswerStreams.Events(Stream(Shape(PromptEndpoint.Completion, true)))
            .Select(data => JsonNode.Parse(data)!)
            .ToList();

        Assert.Equal([false, false, false, false, false, true], events.Select(node => (bool)node["stop"]!));
        Assert.Equal("", (string?)events[^1]["content"]);
    }

    [Fact]
    public void Stream_Responses_OpensAndClosesWhatItFills()
    {
        var events = Transforms.AnswerStreams.Events(Stream(Shape(PromptEndpoint.Responses, false)))
            .Select(data => JsonNode.Parse(data)!)
            .ToList();

        Assert.Equal(
            [
                "response.created",
                "response.output_item.added",
                "response.content_part.added",
                .. Enumerable.Repeat("response.output_text.delta", Pieces.Length),
                "response.output_text.done",
                "response.content_part.done",
                "response.output_item.done",
                "response.completed",
            ],
            events.Select(node => (string)node["type"]!));
        Assert.Equal(Text, (string?)events[^4]["text"]);
        Assert.Equal(Text, (string?)events[^3]["part"]!["text"]);
        Assert.Equal(Text, (string?)events[^2]["item"]!["content"]![0]!["text"]);
        var response = events[^1]["response"]!;
        Assert.Equal(
            ("resp_ID", "completed", Text),
            ((string?)response["id"], (string?)response["status"], (string?)response["output"]![0]!["content"]![0]!["text"]));
    }

    [Fact]
    public void Stream_Messages_OpensAndClosesItsBlock()
    {
        var events = Transforms.AnswerStreams.Events(Stream(Shape(PromptEndpoint.Messages, false)))
            .Select(data => JsonNode.Parse(data)!)
            .ToList();

        Assert.Equal(
            [
                "message_start",
                "content_block_start",
                .. Enumerable.Repeat("content_block_delta", Pieces.Length),
                "content_block_stop",
                "message_delta",
                "message_stop",
            ],
            events.Select(node => (string)node["type"]!));
        Assert.Equal(("msg_ID", "m"), ((string?)events[0]["message"]!["id"], (string?)events[0]["message"]!["model"]));
        Assert.Equal("end_turn", (string?)events[^2]["delta"]!["stop_reason"]);
    }

    private static ReplyShape Shape(PromptEndpoint endpoint, bool isNative) => new(endpoint, isNative, "ID", "m", 7);

    private static string Stream(ReplyShape shape) =>
        shape.Opening() + string.Concat(Pieces.Select(shape.Piece)) + shape.Closing(Text, default);
}
