using Bioproxy.Host.Prompts;

namespace Bioproxy.UnitTests.PromptTests;

public sealed class PromptDifferenceTests
{
    private const string Asked =
        """{"messages":[{"role":"system","content":"be brief"},{"role":"user","content":"how late is it?","tool_calls":[1]}]}""";

    [Theory]
    [InlineData(
        """{"messages":[{"role":"system","content":"be brief"},{"role":"user","content":"how many?","tool_calls":[1]}]}""",
        "message 2 (user), its text")]
    [InlineData(
        """{"messages":[{"role":"system","content":"be long"},{"role":"user","content":"how late is it?","tool_calls":[1]}]}""",
        "message 1 (system), its text")]
    [InlineData(
        """{"messages":[{"role":"system","content":"be brief"},{"role":"tool","content":"how late is it?","tool_calls":[1]}]}""",
        "message 2 (user), its role")]
    [InlineData(
        """{"messages":[{"role":"system","content":"be brief"},{"role":"user","content":"how late is it?","tool_calls":[2]}]}""",
        "message 2 (user), tool_calls")]
    [InlineData(
        """{"messages":[{"role":"system","content":"be brief"},{"role":"user","content":"how late is it?","tool_calls":[1]},"""
        + """{"role":"assistant","content":"ten"}]}""",
        "nowhere: the earlier prompt begins with all of this one")]
    [InlineData(
        """{"messages":[{"role":"system","content":"be brief"},{"role":"user","content":"how late is it?","tool_calls":[1]}]"""
        + ""","tools":[{"type":"function"}]}""",
        "before the messages: only one of them has tools")]
    public void Between_AnotherPrompt_TellsTheMember(string other, string where)
    {
        using var prompt = TestPrompts.Chat(Asked);
        using var before = TestPrompts.Chat(other);

        var difference = PromptDifference.Between(prompt, before, withExcerpt: false);

        Assert.Equal(where, difference.Where);
        Assert.Equal(prompt.Text.CommonPrefixLength(before.Text), difference.Position);
        Assert.Null(difference.Excerpt);
    }

    [Fact]
    public void Between_TheSameHeadMembersDiffer_NamesThem()
    {
        using var prompt = TestPrompts.Chat("""{"messages":[{"role":"user","content":"hi"}],"tools":[{"type":"function"}]}""");
        using var before = TestPrompts.Chat("""{"messages":[{"role":"user","content":"hi"}],"tools":[{"type":"other"}]}""");

        Assert.Equal("tools, tool 1", PromptDifference.Between(prompt, before, withExcerpt: true).Where);
        Assert.StartsWith("function\"}]", PromptDifference.Between(prompt, before, withExcerpt: true).Excerpt, StringComparison.Ordinal);
    }

    [Fact]
    public void Between_AnotherEndpoint_SaysSo()
    {
        using var prompt = TestPrompts.Chat("""{"messages":[{"role":"user","content":"hi"}]}""");
        using var before = TestPrompts.Of("hi");

        Assert.Equal("before the messages: another kind of endpoint", PromptDifference.Between(prompt, before, withExcerpt: false).Where);
    }

    [Fact]
    public void Between_WithExcerpt_QuotesAFewWordsOnly()
    {
        using var prompt = TestPrompts.Chat($$"""{"messages":[{"role":"user","content":"today is Monday {{new string('x', 500)}}"}]}""");
        using var before = TestPrompts.Chat("""{"messages":[{"role":"user","content":"today is Sunday"}]}""");

        Assert.Equal("Monday " + new string('x', 53), PromptDifference.Between(prompt, before, withExcerpt: true).Excerpt);
    }
}
