using System.Text;
using Bioproxy.Abstractions;
using Bioproxy.Host.Transforms;
using Bioproxy.UnitTests.Backends;

namespace Bioproxy.UnitTests.Transforms;

public sealed class WholeEditorTests
{
    [Theory]
    [InlineData(
        """{ "choices":[{"index":0,"message":{"content": "a" ,"reasoning_content":"b","tool_calls":"""
        + """[{"function":{"arguments":"c"}},{"function":{"arguments":"d"}}],"refusal":"e"}},"""
        + """{"index":1,"message":{"content":"f"}}], "n":12345678901234567890}""",
        "abcdf")]
    [InlineData("""{"choices":[{"text":"a","index":0,"logprobs":{"tokens":["x"]}},{"text":"b"}],"x":1e400}""", "ab")]
    [InlineData("""{"index":0,"content":"a","tokens":[1],"prompt":"x","stop":true,"stopping_word":"y"}""", "a")]
    [InlineData("""[{"index":0,"content":"a"}, {"index":1,"content":"b"}]""", "ab")]
    [InlineData(
        """{"object":"response","output":[{"type":"reasoning","summary":[{"text":"a"}],"content":[{"text":"b"}]},"""
        + """{"type":"message","content":[{"type":"output_text","text":"c"},{"text":"d"}]},"""
        + """{"type":"function_call","name":"n","arguments":"e"}],"text":{"format":{"type":"text"}}}""",
        "abcde")]
    [InlineData(
        """{"type":"message","content":[{"type":"thinking","thinking":"a","signature":"s"},{"type":"text","text":"b"},"""
        + """{"type":"tool_use","name":"n","input":{"text":"t"}}],"stop_reason":"x"}""",
        "ab")]
    public void End_WholeAnswer_ChangesItsTextsOnly(string body, string texts)
    {
        var expected = texts.Aggregate(
            body, (sum, letter) => sum.Replace($"\"{letter}\"", $"\"{char.ToUpperInvariant(letter)}\"", StringComparison.Ordinal));

        Assert.Equal(expected, Edit(body, TestEditors.Upper));
        Assert.Equal(body, Edit(body, TestEditors.Same));
        Assert.Equal(body, Edit(body, TestEditors.Nobody));
    }

    public static TheoryData<string> Captured =>
    [
        CapturedAnswers.ChatWhole, CapturedAnswers.TextWhole, CapturedAnswers.ResponsesWhole, CapturedAnswers.MessagesWhole,
        CapturedAnswers.NativeWhole,
    ];

    [Theory]
    [MemberData(nameof(Captured))]
    public void End_AnswerOfARealServer_ChangesOneText(string body)
    {
        var edited = Edit(body, TestEditors.Signs("§"));

        Assert.Equal(body, edited.Replace("§", "", StringComparison.Ordinal));
        Assert.Equal(1, edited.Count(letter => letter == '§'));
    }

    [Theory]
    [InlineData("")]
    [InlineData("no JSON")]
    [InlineData("""{"content":"a" """)]
    [InlineData("""{"content":"a"} x""")]
    [InlineData("""{"data":[{"embedding":[0.1]}]}""")]
    [InlineData("""{"error":{"message":"a"}}""")]
    [InlineData("""["a", 1, null, {"text":"a"}]""")]
    [InlineData("\"a\"")]
    [InlineData("""{"content":"a\ud800"}""")]
    [InlineData("""{"type":"\ud800","content":[{"text":1}]}""")]
    [InlineData("""{"content":"","choices":null}""")]
    [InlineData("""{"choices":[{"message":{"content":null}}]}""")]
    public void End_NoText_IsLeftAlone(string body) => Assert.Equal(body, Edit(body, TestEditors.Signs("!")));

    [Fact]
    public void End_TextHeldBack_IsThere() => Assert.Equal("""{"content":"ab"}""", Edit("""{"content":"ab"}""", TestEditors.HoldsAll));

    [Fact]
    public void Pass_AnyPieces_GoOnAtTheEndOnly()
    {
        var body = Encoding.UTF8.GetBytes("""{"content":"ä😀"}""");
        using var editor = new WholeEditor(TestEditors.Edits(TestEditors.Signs("!")));

        foreach (var one in body)
            Assert.True(editor.Pass(new[] { one }).IsEmpty);

        Assert.Equal(
            """{"content":"ä😀!"}""",
            Encoding.UTF8.GetString(editor.End().Span).Replace("\\uD83D\\uDE00", "😀", StringComparison.Ordinal));
    }

    private static string Edit(string body, params Func<ResponseChannel, IResponseEditor?>[] begins)
    {
        using var editor = new WholeEditor(TestEditors.Edits(begins));
        return Encoding.UTF8.GetString(TestEditors.Feed(editor, [Encoding.UTF8.GetBytes(body)]));
    }
}
