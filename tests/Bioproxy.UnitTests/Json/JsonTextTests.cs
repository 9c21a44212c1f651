using System.Text;
using System.Text.Json;
using Bioproxy.Host.Json;

namespace Bioproxy.UnitTests.Json;

public sealed class JsonTextTests
{
    [Theory]
    [InlineData("", "\"\"")]
    [InlineData("a\"b\\c", "\"a\\\"b\\\\c\"")]
    [InlineData("tab\tline\nreturn\r", "\"tab\\tline\\nreturn\\r\"")]
    [InlineData("<&>+'`/ ä€ 日本", "\"<&>+'`/ ä€ 日本\"")]
    public void Quote_EscapesNoMoreThanItMust(string text, string token) =>
        Assert.Equal(token, Encoding.UTF8.GetString(JsonText.Quote(text)));

    [Fact]
    public void Quote_AnyCharacter_ReadsBackAsItWas()
    {
        for (var c = 0; c <= 0xFFFF; c++)
        {
            if (char.IsSurrogate((char)c))
                continue;
            var text = $"<{(char)c}>";
            Assert.Equal(text, Read(JsonText.Quote(text)));
        }

        Assert.Equal("😀 𝄞", Read(JsonText.Quote("😀 𝄞")));
    }

    [Theory]
    [InlineData("\"plain ä\"", "plain ä")]
    [InlineData("\"\"", "")]
    [InlineData("\"a\\u0041\\n\\\"\\\\\\/\\u00e4\"", "aA\n\"\\/ä")]
    [InlineData("\"\\ud83d\\ude00\"", "😀")]
    public void Unescape_Token_IsItsText(string token, string text)
    {
        var destination = new byte[Encoding.UTF8.GetByteCount(token)];

        var written = JsonText.Unescape(Encoding.UTF8.GetBytes(token), destination);

        Assert.Equal(text, Encoding.UTF8.GetString(destination, 0, written));
        Assert.Equal(text, JsonText.StringOrNull(Encoding.UTF8.GetBytes(token)));
    }

    [Theory]
    [InlineData("\"\\ud83d\"")]
    [InlineData("\"a\\ude00b\"")]
    [InlineData("\"\\ude00\\ud83d\"")]
    public void Unescape_LoneSurrogate_HasNoText(string token)
    {
        Assert.Equal(-1, JsonText.Unescape(Encoding.UTF8.GetBytes(token), new byte[token.Length]));
        Assert.Null(JsonText.StringOrNull(Encoding.UTF8.GetBytes(token)));
    }

    [Theory]
    [InlineData("null")]
    [InlineData("12")]
    [InlineData("{}")]
    [InlineData("")]
    public void StringOrNull_NoString_IsNull(string token) => Assert.Null(JsonText.StringOrNull(Encoding.UTF8.GetBytes(token)));

    [Theory]
    [InlineData(0, "0")]
    [InlineData(-1, "-1")]
    [InlineData(int.MaxValue, "2147483647")]
    [InlineData(int.MinValue, "-2147483648")]
    public void Number_IsItsDigits(int value, string expected) => Assert.Equal(expected, Encoding.ASCII.GetString(JsonText.Number(value)));

    private static string? Read(byte[] token)
    {
        using var document = JsonDocument.Parse(token);
        return document.RootElement.GetString();
    }
}
