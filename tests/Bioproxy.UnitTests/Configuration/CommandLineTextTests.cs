using Bioproxy.Host.Configuration;

namespace Bioproxy.UnitTests.Configuration;

public sealed class CommandLineTextTests
{
    [Theory]
    [InlineData("", "")]
    [InlineData("  \t ", "")]
    [InlineData("a b", "a|b")]
    [InlineData("  a\t\n b ", "a|b")]
    [InlineData("'a b' \"c d\"", "a b|c d")]
    [InlineData("a'b c'd", "ab cd")]
    [InlineData("'' \"\"", "|")]
    [InlineData("\"it's\" 'say \"x\"'", "it's|say \"x\"")]
    [InlineData(@"a\ b", "a b")]
    [InlineData(@"""a\""b""", "a\"b")]
    [InlineData(@"'a\'", @"a\")]
    [InlineData(@"C:\models\x", @"C:\models\x")]
    [InlineData(@"a\", @"a\")]
    [InlineData("~/m ~ x=~/m", "/home/me/m|/home/me|x=/home/me/m")]
    [InlineData("'~/m' \"~\" ''~/m a~/m ~user/m x=y=~/m ~", "~/m|~|~/m|a~/m|~user/m|x=y=~/m|/home/me")]
    [InlineData("--port ${port} '${slots}/x'", "--port|${port}|${slots}/x")]
    [InlineData("$HOME * ; | > a && b `c` $(d)", "$HOME|*|;|||>|a|&&|b|`c`|$(d)")]
    public void Split_Text_GivesWords(string text, string expected)
    {
        var (words, problem) = CommandLineText.Split(text, "/home/me");

        Assert.Null(problem);
        Assert.Equal(expected, string.Join('|', words!));
    }

    [Theory]
    [InlineData("a 'b", "the closing ' of a quoted text")]
    [InlineData("a \"b'", "the closing \" of a quoted text")]
    [InlineData("a ${ports}", "${port} or ${slots} instead of ${ports}")]
    public void Split_Mistake_IsNamed(string text, string expected) =>
        Assert.Equal((null, expected), CommandLineText.Split(text, "/home/me"));

    [Fact]
    public void Fill_Placeholders_AreReplacedWhereverTheyStand() =>
        Assert.Equal(
            ["--port=9100", "/a b/x", "/a b", "$port"],
            CommandLineText.Fill(["--port=${port}", "${slots}/x", "${slots}", "$port"], 9100, "/a b"));
}
