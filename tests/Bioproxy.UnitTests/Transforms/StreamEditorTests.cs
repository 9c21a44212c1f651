using System.Text;
using Bioproxy.Abstractions;
using Bioproxy.Doubles;
using Bioproxy.UnitTests.Backends;

namespace Bioproxy.UnitTests.Transforms;

public sealed class StreamEditorTests
{
    private static readonly string[] Pieces = ["ä [NA", "ME_1", "]€ \"q\"\n[", "x] 😀[MAIL_1]", "", "[PATH][NAME_", "2] [MAIL_"];

    private static readonly Dictionary<string, string> Captured = new()
    {
        ["chat"] = CapturedAnswers.ChatStream,
        ["chat with progress"] = CapturedAnswers.ChatStreamWithProgress,
        ["completions"] = CapturedAnswers.TextStream,
        ["native"] = CapturedAnswers.NativeStream,
        ["responses"] = CapturedAnswers.ResponsesStream,
        ["messages"] = CapturedAnswers.MessagesStream,
    };

    public static TheoryData<string, string> ShapesAndLines
    {
        get
        {
            var data = new TheoryData<string, string>();
            foreach (var shape in AnswerStreams.Shapes.Keys)
            {
                data.Add(shape, "\n");
                if (LongRun.IsOn || shape == AnswerStreams.Shapes.Keys.First())
                    data.Add(shape, "\r\n");
            }

            return data;
        }
    }

    public static TheoryData<string> Shapes => [.. AnswerStreams.Shapes.Keys];

    public static TheoryData<string> CapturedNames => [.. Captured.Keys];

    [Theory]
    [MemberData(nameof(ShapesAndLines))]
    public void Pass_SecretsCutByEvents_AreRestoredInEveryTextAndForEverySplit(string shape, string line)
    {
        var stream = Encoding.UTF8.GetBytes(AnswerStreams.Shapes[shape](Pieces).ReplaceLineEndings(line));
        var whole = string.Concat(Pieces);
        Assert.All(AnswerStreams.Read(stream).Values.Where(text => text.Length > 0), text => Assert.Equal(whole, text));

        var edited = TestEditors.Stream([stream], Restorer.Begin);

        Assert.Equal(
            AnswerStreams.Read(stream).ToDictionary(pair => pair.Key, pair => Restorer.Restore(pair.Value)),
            AnswerStreams.Read(edited).ToDictionary());
        foreach (var split in TestEditors.Splits(stream))
            AssertSame(edited, TestEditors.Stream(split, Restorer.Begin));
    }

    [Theory]
    [MemberData(nameof(ShapesAndLines))]
    public void Pass_NothingChanged_LeavesEveryByteForEverySplit(string shape, string line)
    {
        var stream = Encoding.UTF8.GetBytes(AnswerStreams.Shapes[shape](Pieces).ReplaceLineEndings(line));

        foreach (var split in TestEditors.Splits(stream))
        {
            AssertSame(stream, TestEditors.Stream(split, TestEditors.Same));
            AssertSame(stream, TestEditors.Stream(split, TestEditors.Nobody));
        }
    }

    [Theory]
    [MemberData(nameof(CapturedNames))]
    public void Pass_StreamOfARealServer_IsLeftAloneAndEdited(string name)
    {
        var stream = Captured[name];
        var texts = AnswerStreams.Read(Encoding.UTF8.GetBytes(stream));
        Assert.Contains(texts, pair => pair.Value.Length > 0);

        Assert.Equal(stream, TestEditors.Stream(stream, TestEditors.Same));
        Assert.Equal(
            texts.ToDictionary(pair => pair.Key, pair => pair.Value.ToUpperInvariant()),
            AnswerStreams.Read(Encoding.UTF8.GetBytes(TestEditors.Stream(stream, TestEditors.Upper))).ToDictionary());
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Pass_EverythingHeldBack_ComesBeforeTheEndOfItsText(string shape)
    {
        var stream = AnswerStreams.Shapes[shape](["one ", "two"]);

        var edited = AnswerStreams.Events(TestEditors.Stream(stream, TestEditors.HoldsAll));

        Assert.Equal(AnswerStreams.Read(Encoding.UTF8.GetBytes(stream)).ToDictionary(), Read(edited));
        foreach (var (end, text) in EndsOf(shape))
        {
            var at = edited.FindIndex(data => data.Contains(end, StringComparison.Ordinal));
            var last = edited.FindLastIndex(
                data => AnswerStreams.TextsOf(data).Any(found => found.Name == text && found.Text == "one two"));
            Assert.True(at >= 0 && last >= 0 && last <= at, $"'{text}' comes at {last}, its end '{end}' at {at}.");
        }
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Pass_SomethingAddedAtTheEndOnly_IsNotLost(string shape)
    {
        var stream = AnswerStreams.Shapes[shape](["one ", "two"]);

        var edited = TestEditors.Stream(stream, TestEditors.Signs(" [signed]"));

        Assert.All(
            AnswerStreams.Read(Encoding.UTF8.GetBytes(edited)),
            pair => Assert.Equal(pair.Key.EndsWith(".added", StringComparison.Ordinal) ? "" : "one two [signed]", pair.Value));
    }

    [Fact]
    public void Pass_RandomTextsRandomlyCut_AreAsIfEditedAsAWhole()
    {
        var random = new Random(17);
        for (var round = 0; round < 400; round++)
        {
            var text = RandomText(random);
            var (shape, make) = AnswerStreams.Shapes.ElementAt(random.Next(AnswerStreams.Shapes.Count));
            var stream = Encoding.UTF8.GetBytes(make(Cut(text, random)).ReplaceLineEndings(random.Next(2) == 0 ? "\n" : "\r\n"));

            var edited = TestEditors.Stream(Cut(stream, random), Restorer.Begin);

            Assert.All(
                AnswerStreams.Read(edited).Where(pair => !pair.Key.EndsWith(".added", StringComparison.Ordinal)),
                pair => Assert.Equal((shape, Restorer.Restore(text)), (shape, pair.Value)));
            Assert.Equal(AnswerStreams.Read(stream).Keys, AnswerStreams.Read(edited).Keys);
        }
    }

    [Fact]
    public void Pass_ChoicesInterleaved_AreEditedApart()
    {
        var stream = AnswerStreams.Chunk("""{"content":"[NA"}""")
            + AnswerStreams.Chunk("""{"content":"[MAIL"}""", index: 1)
            + AnswerStreams.Chunk("""{"content":"ME_1]"}""")
            + AnswerStreams.Chunk("{}", "\"stop\"")
            + AnswerStreams.Chunk("""{"content":"_1] [NA"}""", index: 1)
            + AnswerStreams.Chunk("{}", "\"stop\"", index: 1)
            + "data: [DONE]\n\n";

        var edited = AnswerStreams.Read(Encoding.UTF8.GetBytes(TestEditors.Stream(stream, Restorer.Begin)));

        Assert.Equal(
            new() { ["content 0"] = Restorer.Restore("[NAME_1]"), ["content 1"] = Restorer.Restore("[MAIL_1] [NA") },
            edited.ToDictionary());
    }

    [Fact]
    public void Pass_TwoChoicesInOneEvent_FlushRepeatsNeither()
    {
        var stream =
            AnswerStreams.Data("""{"choices":[{"index":0,"delta":{"content":"a [NA"}},{"index":1,"delta":{"content":"b [NA"}}]}""")
            + "data: [DONE]\n\n";

        var edited = AnswerStreams.Read(Encoding.UTF8.GetBytes(TestEditors.Stream(stream, Restorer.Begin)));

        Assert.Equal(new Dictionary<string, string> { ["content 0"] = "a [NA", ["content 1"] = "b [NA" }, edited.ToDictionary());
    }

    [Fact]
    public void Pass_ReasoningBeforeTheAnswer_IsFlushedBeforeIt()
    {
        var stream = AnswerStreams.Chunk("""{"reasoning_content":"think [NA"}""")
            + AnswerStreams.Chunk("""{"content":"ME_1]"}""")
            + AnswerStreams.Chunk("{}", "\"stop\"");

        var edited = AnswerStreams.Events(TestEditors.Stream(stream, Restorer.Begin)).SelectMany(AnswerStreams.TextsOf);

        Assert.Equal([("reasoning_content 0", "think "), ("reasoning_content 0", "[NA"), ("content 0", "ME_1]")], edited);
    }

    [Fact]
    public void Pass_ReasoningAndAnswerInOneEvent_FlushRepeatsNeither()
    {
        var stream = AnswerStreams.Chunk("""{"reasoning_content":"r [NA","content":"c [NA"}""") + AnswerStreams.Chunk("{}", "\"stop\"");

        var edited = AnswerStreams.Read(Encoding.UTF8.GetBytes(TestEditors.Stream(stream, Restorer.Begin)));

        Assert.Equal(new Dictionary<string, string> { ["content 0"] = "c [NA", ["reasoning_content 0"] = "r [NA" }, edited.ToDictionary());
    }

    [Fact]
    public void Pass_ToolCallInOneEvent_FlushDoesNotCallTwice()
    {
        const string Function = """{"name":"find","arguments":"{\"a\":\"[NA"}""";
        const string Call = $$"""{"index":0,"id":"call_1","type":"function","function":{{Function}}}""";
        var stream = AnswerStreams.Chunk($$"""{"role":"assistant","tool_calls":[{{Call}}]}""")
            + AnswerStreams.Chunk("{}", "\"tool_calls\"");

        var events = AnswerStreams.Events(TestEditors.Stream(stream, Restorer.Begin));

        Assert.Equal("""{"a":"[NA""", Read(events)["arguments 0 0"]);
        Assert.Equal(3, events.Count);
        Assert.Single(events, data => data.Contains("call_1", StringComparison.Ordinal));
        Assert.Single(events, data => data.Contains("find", StringComparison.Ordinal));
        Assert.Single(events, data => data.Contains("assistant", StringComparison.Ordinal));
    }

    [Fact]
    public void Pass_EmptyPieces_BeginNoText()
    {
        var begun = new List<ResponseTextKind>();
        var stream = AnswerStreams.Chunk("""{"role":"assistant","content":""}""")
            + AnswerStreams.Chunk("""{"reasoning_content":"r"}""")
            + AnswerStreams.Chunk("""{"content":"a"}""")
            + AnswerStreams.Chunk("{}", "\"stop\"");

        var edited = TestEditors.Stream(stream, channel =>
        {
            begun.Add(channel.Kind);
            return TestEditors.Signs("!")(channel);
        });

        Assert.Equal([ResponseTextKind.Reasoning, ResponseTextKind.Answer], begun);
        Assert.Equal(
            new Dictionary<string, string> { ["content 0"] = "a!", ["reasoning_content 0"] = "r!" },
            AnswerStreams.Read(Encoding.UTF8.GetBytes(edited)).ToDictionary());
    }

    [Theory]
    [InlineData(": only a comment\n\n")]
    [InlineData("data: {\"content\":\ndata: \"x\"}\n\n")]
    [InlineData("data: {\"content\":\"x\"\n\n")]
    [InlineData("data: \n\n")]
    [InlineData("event: x\nid: 7\nretry: 10\n\n")]
    [InlineData("data: null\n\ndata: 1\n\ndata: [1,\"x\"]\n\ndata: {\"error\":{\"message\":\"x\"}}\n\n")]
    [InlineData(
        "data: {\"choices\":[1,{\"delta\":1},{\"delta\":{\"content\":1,\"tool_calls\":[1,{\"function\":{\"arguments\":{}}}]}}]}\n\n")]
    [InlineData("data: {\"content\":\"a\\ud800\"}\n\n")]
    [InlineData("data: {\"type\":\"a\\ud800\",\"output\":[1]}\n\n")]
    [InlineData("data: {\"long name \\ud800\":1,\"content\":[1]}\n\n")]
    [InlineData("\n\n\n\n\r\n\r\n")]
    [InlineData("data: {\"content\":\"")]
    [InlineData("")]
    public void Pass_WhatIsNoTextOfAModel_IsLeftAlone(string stream)
    {
        var bytes = Encoding.UTF8.GetBytes(stream);

        foreach (var split in TestEditors.Splits(bytes))
            Assert.Equal(bytes, TestEditors.Stream(split, TestEditors.Upper));
    }

    [Fact]
    public void Pass_InvalidUtf8InAText_IsLeftAlone()
    {
        byte[] stream = [.. "data: {\"content\":\"a"u8, 0xff, .. "\"}\n\n"u8];

        Assert.Equal(stream, TestEditors.Stream([stream], TestEditors.Upper));
    }

    [Fact]
    public void Pass_LoneSurrogateAmongTexts_LeavesThatEventAlone()
    {
        const string Lone = """data: {"content":"a\ud83d"}""" + "\n\n";

        Assert.Equal(
            """data: {"content":"B"}""" + "\n\n" + Lone + """data: {"content":"C"}""" + "\n\n",
            TestEditors.Stream("""data: {"content":"b"}""" + "\n\n" + Lone + """data: {"content":"c"}""" + "\n\n", TestEditors.Upper));
    }

    [Fact]
    public void Pass_EscapesAndOddWriting_ChangeInTheTextOnly()
    {
        const string Stream = "id: 1\ndata:{ \"x\" : 1e400, \"content\" :\"\\u0061\\n\\ud83d\\ude00\" , "
            + "\"big\":12345678901234567890, \"content_\":\"a\" }\n\n";

        Assert.Equal(
            Stream.Replace("\"\\u0061\\n\\ud83d\\ude00\"", "\"A\\n😀\"", StringComparison.Ordinal),
            TestEditors.Stream(Stream, TestEditors.Upper).Replace("\\uD83D\\uDE00", "😀", StringComparison.Ordinal));
    }

    [Fact]
    public void Pass_EventBeyondTheLimit_PassesAndTheNextIsEdited()
    {
        var giant = Encoding.UTF8.GetBytes($"data: {{\"content\":\"{new string('a', 5 << 20)}\"}}\n\n");
        byte[] stream = [.. giant, .. "data: {\"content\":\"a\"}\n\n"u8];

        var edited = TestEditors.Stream(stream.Chunk(1 << 20).Select(chunk => (ReadOnlyMemory<byte>)chunk), TestEditors.Upper);

        Assert.Equal((byte[])[.. giant, .. "data: {\"content\":\"A\"}\n\n"u8], edited);
    }

    [Fact]
    public void Pass_NoEndOfTheText_IsFlushedAtTheEndOfTheStream()
    {
        var edited = TestEditors.Stream("data: {\"content\":\"a\"}\n\ndata: {\"con", TestEditors.HoldsAll);

        Assert.Equal("data: {\"content\":\"\"}\n\ndata: {\"content\":\"a\"}\n\ndata: {\"con", edited);
    }

    /// <summary>As Assert.Equal, which looks at thousands of arrays one boxed byte at a time.</summary>
    private static void AssertSame(byte[] expected, byte[] actual)
    {
        if (!expected.AsSpan().SequenceEqual(actual))
            Assert.Fail($"Expected:\n{Encoding.UTF8.GetString(expected)}\nActual:\n{Encoding.UTF8.GetString(actual)}");
    }

    private static Dictionary<string, string> Read(IEnumerable<string> events) =>
        AnswerStreams.Read(Encoding.UTF8.GetBytes(string.Concat(events.Select(AnswerStreams.Data)))).ToDictionary();

    /// <summary>What must not come before the last piece of which text.</summary>
    private static (string End, string Text)[] EndsOf(string shape) => shape switch
    {
        "chat" => [("\"content\":\"", "reasoning_content 0"), ("tool_calls", "content 0"), ("\"stop\"", "arguments 0 0")],
        "completions" => [("\"stop\"", "text 0")],
        "native" => [("true", "content")],
        "responses" =>
            [
                ("response.output_item.done", "response.reasoning_text.delta"),
                ("response.output_text.done", "response.output_text.delta"),
                ("response.function_call_arguments.done", "response.function_call_arguments.delta"),
            ],
        _ =>
            [
                ("content_block_stop\",\"index\":0", "thinking 0"),
                ("content_block_stop\",\"index\":1", "text 1"),
                ("content_block_stop\",\"index\":2", "partial_json 2"),
            ],
    };

    private static string RandomText(Random random)
    {
        string[] words = ["a", "ä€", "😀", "[", "]", "[NAME_", "\"", "\\", "\n", " ", "[MAIL_1", "_1]", .. Restorer.Placeholders];
        return string.Concat(Enumerable.Range(0, random.Next(1, 20)).Select(_ => words[random.Next(words.Length)]));
    }

    /// <summary>Never within a character, as a backend does.</summary>
    private static List<string> Cut(string text, Random random)
    {
        var pieces = new List<string> { "" };
        foreach (var rune in text.EnumerateRunes())
        {
            if (random.Next(3) == 0)
                pieces.Add("");
            pieces[^1] += rune;
        }

        return pieces;
    }

    private static List<ReadOnlyMemory<byte>> Cut(byte[] bytes, Random random)
    {
        var pieces = new List<ReadOnlyMemory<byte>>();
        for (var at = 0; at < bytes.Length;)
        {
            var length = Math.Min(bytes.Length - at, random.Next(random.Next(2) == 0 ? 4 : 400));
            pieces.Add(bytes.AsMemory(at, length));
            at += length;
        }

        return pieces;
    }
}
