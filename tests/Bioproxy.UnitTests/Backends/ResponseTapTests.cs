using System.Text;
using Bioproxy.Host.Backends;

namespace Bioproxy.UnitTests.Backends;

public sealed class ResponseTapTests
{
    public static TheoryData<string, string, int, int, int, double> Shapes => new()
    {
        { "chat", CapturedAnswers.ChatWhole, 0, 29, 3, 1.578 },
        { "chat, streamed", CapturedAnswers.ChatStream, 28, 1, 3, 2.812 },
        { "chat, streamed with usage", CapturedAnswers.ChatStreamWithUsage, 28, 1, 3, 0.277 },
        { "chat, streamed with progress", CapturedAnswers.ChatStreamWithProgress, 28, 1, 3, 0.139 },
        { "text", CapturedAnswers.TextWhole, 1, 3, 3, 0.217 },
        { "text, streamed", CapturedAnswers.TextStream, 3, 1, 3, 0.148 },
        { "responses", CapturedAnswers.ResponsesWhole, 0, 23, 3, 0 },
        { "responses, streamed", CapturedAnswers.ResponsesStream, 22, 1, 3, 0.153 },
        { "messages", CapturedAnswers.MessagesWhole, 28, 1, 3, 0 },
        { "native", CapturedAnswers.NativeWhole, 0, 3, 2, 0.193 },
        { "native, streamed", CapturedAnswers.NativeStream, 2, 1, 1, 0.128 },
        { "native with probabilities", CapturedAnswers.Probe, 0, 2, 1, 0.181 },
    };

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Timings_AnswerInTwoReads_SplitAnywhere(
        string shape, string answer, int cached, int computed, int generated, double milliseconds)
    {
        var bytes = Encoding.UTF8.GetBytes(answer);
        for (var at = 0; at <= bytes.Length; at++)
        {
            var tap = new ResponseTap();
            tap.Look(bytes.AsSpan(0, at));
            tap.Look(bytes.AsSpan(at));

            Assert.Equal(
                (shape, at, new PromptTimings(cached, computed, generated) { PrefillSeconds = milliseconds / 1000 }),
                (shape, at, tap.Timings()));
            Assert.Equal(bytes.Length, tap.TotalBytes);
        }
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Timings_BehindALongAnswer_ReadByteByByteOrAtOnce(
        string shape, string answer, int cached, int computed, int generated, double milliseconds)
    {
        var bytes = Encoding.UTF8.GetBytes(new string('x', 20_000) + "\n\n" + answer);
        var small = new ResponseTap();
        foreach (var value in bytes)
            small.Look([value]);
        var large = new ResponseTap();
        large.Look(bytes);

        Assert.Equal(
            (shape, new PromptTimings(cached, computed, generated) { PrefillSeconds = milliseconds / 1000 }),
            (shape, small.Timings()));
        Assert.Equal(small.Timings(), large.Timings());
        Assert.Equal(bytes.Length, small.TotalBytes);
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Timings_AnswerBrokenOff_AreNeverMadeUp(
        string shape, string answer, int cached, int computed, int generated, double milliseconds)
    {
        var bytes = Encoding.UTF8.GetBytes(answer);
        for (var at = 0; at <= bytes.Length; at++)
        {
            var tap = new ResponseTap();
            tap.Look(bytes.AsSpan(0, at));

            // The usage of an OpenAI answer stands before its timings and says the same but for the time.
            if (tap.Timings() is not { } timings)
                continue;
            Assert.Equal((shape, new PromptTimings(cached, computed, generated)), (shape, timings with { PrefillSeconds = 0 }));
            Assert.True(timings.PrefillSeconds == 0 || timings.PrefillSeconds == milliseconds / 1000);
        }
    }

    /// <summary>Its first event tells the prompt's tokens, and only its last but one those generated.</summary>
    [Fact]
    public void Timings_StreamOfMessages_AreReadFromBothEnds()
    {
        var longText = $"\"text\":\"{new string('t', 20_000)}\"";
        var bytes = Encoding.UTF8.GetBytes(CapturedAnswers.MessagesStream.Replace("\"text\":\"$\"", longText, StringComparison.Ordinal));
        for (var at = 0; at <= bytes.Length; at += at < 1100 ? 1 : 97)
        {
            var tap = new ResponseTap(keepsHead: true);
            tap.Look(bytes.AsSpan(0, at));
            tap.Look(bytes.AsSpan(at));

            Assert.Equal((at, new PromptTimings(28, 1, 3)), (at, tap.Timings()));
        }
    }

    [Fact]
    public void Timings_RandomReads_KeepTheEnd()
    {
        var random = new Random(7);
        for (var round = 0; round < 300; round++)
        {
            var tap = new ResponseTap();
            var number = 0;
            for (var reads = random.Next(1, 30); reads > 0; reads--)
            {
                number = random.Next();
                var before = new string('y', random.Next(0, 12_000));
                var behind = new string('z', random.Next(0, 4000));
                tap.Look(Encoding.UTF8.GetBytes($"{before}\"timings\":{{\"cache_n\":{number},\"prompt_n\":1,\"x\":\"{behind}\"}}"));
            }

            Assert.Equal(number, tap.Timings()?.CachedTokens);
        }
    }

    [Fact]
    public void Timings_ShortAnthropicStream_AreThoseOfItsFirstEvent()
    {
        var tap = new ResponseTap(keepsHead: true);
        tap.Look("""
            event: message_start
            data: {"type":"message_start","message":{"usage":{"cache_read_input_tokens":3,"input_tokens":4,"output_tokens":0}}}

            event: message_delta
            data: {"type":"message_delta","delta":{"stop_reason":"max_tokens"},"usage":{"output_tokens":2}}

            """u8);

        Assert.Equal(new PromptTimings(3, 4, 2), tap.Timings());
    }

    [Theory]
    [InlineData("")]
    [InlineData("plain text")]
    [InlineData("\"timings\":")]
    [InlineData("\"timings\":null")]
    [InlineData("\"timings\":[1]")]
    [InlineData("\"timings\":{\"cache_n\":1")]
    [InlineData("\"timings\":{\"cache_n\":1}")]
    [InlineData("\"timings\":{\"cache_n\":\"1\",\"prompt_n\":2}")]
    [InlineData("\"timings\":{\"cache_n\":1.5,\"prompt_n\":2}")]
    [InlineData("\"timings\":{nonsense}")]
    [InlineData("\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":2}")]
    [InlineData("\"usage\":{\"input_tokens\":5}")]
    [InlineData("\"usage\":{\"output_tokens\":5}")]
    [InlineData("\"usage\":{\"prompt_tokens\":5,\"prompt_tokens_details\":null}")]
    [InlineData("{\"content\":\"\\\"timings\\\":{\\\"cache_n\\\":1,\\\"prompt_n\\\":2}\"}")]
    [InlineData(CapturedAnswers.Error)]
    public void Timings_NoEvidence_AreNone(string answer)
    {
        var tap = new ResponseTap();
        tap.Look(Encoding.UTF8.GetBytes(answer));

        Assert.Null(tap.Timings());
    }

    [Fact]
    public void Timings_WithSpaces_AreFound() =>
        Assert.Equal(new PromptTimings(1, 2, 0), TimingsReader.Read("{\"timings\":  {\n \"cache_n\" : 1, \"prompt_n\" : 2 } }"u8));

    [Fact]
    public void Timings_TextThatLooksLikeThem_DoesNotHideTheRealOnes()
    {
        const string Answer = """{"choices":[{"message":{"content":"\"timings\":{\"cache_n\":9,\"prompt_n\":9}"}}]"""
            + ""","timings":{"cache_n":1,"prompt_n":2,"predicted_n":3}}""";

        Assert.Equal(new PromptTimings(1, 2, 3), TimingsReader.Read(Encoding.UTF8.GetBytes(Answer)));
    }

    [Theory]
    [InlineData(600, 35, 7, 641)]
    [InlineData(10, 5, 0, 15)]
    [InlineData(10, 5, 1, 15)]
    public void HeldTokens_AreAllButTheLastGenerated(int cached, int computed, int generated, int held) =>
        Assert.Equal(held, new PromptTimings(cached, computed, generated).HeldTokens);
}
