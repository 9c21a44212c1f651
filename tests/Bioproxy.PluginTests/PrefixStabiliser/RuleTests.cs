using System.Text.RegularExpressions;
using Bioproxy.PrefixStabiliser;

namespace Bioproxy.PluginTests.PrefixStabiliser;

public sealed class RuleTests
{
    public static TheoryData<string, string, bool> BuiltIn => new()
    {
        { "billing_header", "x-anthropic-billing-header: cc_version=2.1.100.7b4; cc_entrypoint=cli; cch=eb6c6;", true },
        { "billing_header", "Never answer with x-anthropic-billing-header: lines.", false },
        { "nonce", "Request-ID: 7f3c-11", true },
        { "nonce", "- session_id: `0a1b2c3d`", true },
        { "nonce", "nonce=8812", true },
        { "nonce", "The session id is of 8 letters", false },
        { "nonce", "Session ID: see above, part 2", false },
        { "current_date", "Today's date is 2026-01-31.", true },
        { "current_date", "  Today’s date: 9/30/2025", true },
        { "current_date", "**Current date:** Friday, 31 January 2026", true },
        { "current_date", "  <current_date>2026-01-31</current_date>", true },
        { "current_date", "Today is Saturday, 1 August 2026", true },
        { "current_date", "# currentDate", false },
        { "current_date", "Today's date must be in the answer.", false },
        { "current_date", "You are an assistant. Today's date is 2026-01-31.", false },
        { "current_time", "Current time: 10:15:31", true },
        { "current_time", "The current date and time is 2026-01-31T10:15:31Z", true },
        { "current_time", "- local time: 11:00 (UTC+1)", true },
        { "current_time", "Timestamp: 1769850931", true },
        { "current_time", "Use the current time (24 hours) in file names", false },
        { "turns_left", "You have 37 turns left", true },
        { "turns_left", "[System: You have 2 turns remaining. Stop now.]", true },
        { "turns_left", "5 more tool calls remaining", true },
        { "turns_left", "Say how many turns are left.", false },
        { "token_usage", "Token usage: 1234/200000; 198766 remaining", true },
        { "token_usage", "<context_budget>200000</context_budget>", true },
        { "token_usage", "Keep token usage below 1000", false },
        { "cost", "Current cost: $0.12", true },
        { "cost", "# Total cost: 1.50 USD", true },
        { "cost", "$0.0012 (USD)", true },
        { "cost", "Costs must stay below 5 dollars", false },
        { "cost", "Pay $5 for it", false },
    };

    /// <summary>Rules that take texts of several lines: the rule, the text, and what stays of it.</summary>
    public static TheoryData<string, string, string> Stretches => new()
    {
        {
            "git_status",
            "Rules\n\ngitStatus: This is the git status at the start.\n\nCurrent branch: main\n\nMain branch (for PRs): main\n\nStatus:\n"
            + " M a.cs\n?? b/\n\nRecent commits:\n0a1b2c3 First\n9f8e7d6 Second\n\nMore rules",
            "Rules\n\n\n\nMore rules"
        },
        { "git_status", "a <git_status>\n M x\n</git_status> b", "a  b" },
        { "git_status", "Say git status: clean", "Say git status: clean" },
        { "directory_listing", "Here:\n/home/user/\n├───src/\n│   └───a.cs\n└───b.md\nDone", "Here:\n/home/user/\nDone" },
        { "directory_listing", "# Current Working Directory (/x) Files\na.cs\nb/\n\n# Next", "\n# Next" },
        { "directory_listing", "<file_tree>\na\n</file_tree>", "" },
        { "directory_listing", "Files are in /x", "Files are in /x" },
    };

    [Theory]
    [MemberData(nameof(BuiltIn))]
    public void Taking_BuiltInRule_TakesVolatileLinesOnly(string name, string line, bool taken) =>
        Assert.Equal(taken ? "before\nbehind" : $"before\n{line}\nbehind", Rules(name).Take($"before\n{line}\nbehind", []));

    [Fact]
    public void Taking_EveryBuiltInRule_HasATest() => Assert.Equal(BuiltInRules.All.Select(rule => rule.Name!).Order(), BuiltIn
        .Select(row => (string)row[0]!).Concat(Stretches.Select(row => (string)row[0]!)).Distinct().Order());

    [Theory]
    [MemberData(nameof(Stretches))]
    public void Taking_BuiltInRuleForSeveralLines_TakesThemAll(string name, string text, string left) =>
        Assert.Equal(left, Rules(name).Take(text, []));

    [Theory]
    [InlineData("X1", "[X1]")]
    [InlineData("a\nX1\nX2\nb\nX3\n", "a\n[X1\nX2]\nb\n[X3]\n")]
    [InlineData("a\r\nX1\r\nb", "a\r\n[X1]\r\nb")]
    public void Replacing_Lines_TakesThoseThatFollowEachOtherAsOne(string text, string expected) =>
        Assert.Equal(expected, Lines("X[0-9]").Replace(text, found => $"[{found}]"));

    [Fact]
    public void Replacing_WithTheSame_GivesTheSameString()
    {
        var text = "X1 X2".ToUpperInvariant();
        Assert.Same(text, Lines("X").Replace(text, found => found));
        Assert.Same(text, Texts("X").Replace(text, found => found));
    }

    [Theory]
    [InlineData("X1", "", "X1")]
    [InlineData("X1\n", "", "X1")]
    [InlineData("X1\na", "a", "X1")]
    [InlineData("a\nX1", "a", "X1")]
    [InlineData("a\r\nX1", "a", "X1")]
    [InlineData("a\r\nX1\r\nb\r\n", "a\r\nb\r\n", "X1")]
    [InlineData("a\nX1\nb", "a\nb", "X1")]
    [InlineData("a\nX1\nX2", "a", "X1|X2")]
    [InlineData("a\n\n \tX1 \n\nb", "a\n\n\nb", "X1")]
    [InlineData("X1\nb\nX2\nc", "b\nc", "X1|X2")]
    [InlineData("a\nb\n", "a\nb\n", "")]
    [InlineData("", "", "")]
    public void Taking_Lines_TakesEachWithItsEnd(string text, string left, string taken)
    {
        var pieces = new List<string>();
        Assert.Equal(left, Lines("X[0-9]").Take(text, pieces));
        Assert.Equal(taken, string.Join('|', pieces));
    }

    [Fact]
    public void Taking_RuleThatMatchesEverything_LeavesEmptyLines() => Assert.Equal("\n", Lines(".*").Take("a\n\nb\n\nc", []));

    [Theory]
    [InlineData("a<t>1\n2</t>b", "ab", "<t>1\n2</t>")]
    [InlineData("<t> 1</t>", "", "<t> 1</t>")]
    [InlineData("a<t>1</t>b<t>2</t>", "ab", "<t>1</t>|<t>2</t>")]
    [InlineData("a<t>b", "a<t>b", "")]
    public void Taking_Matches_TakesThemOverLineEnds(string text, string left, string taken)
    {
        var pieces = new List<string>();
        Assert.Equal(left, Texts(@"<t>[\s\S]*?</t>").Take(text, pieces));
        Assert.Equal(taken, string.Join('|', pieces));
    }

    [Theory]
    [InlineData("x.", "x😀y", "y")]
    [InlineData(@"[\uDE00]y", "x😀y", "x")]
    [InlineData(@"\uD83D|\uDE00", "x😀😀y", "xy")]
    [InlineData("a*", "xaay", "xy")]
    public void Taking_MatchesThatCutACharacter_TakesAllOfIt(string pattern, string text, string left) =>
        Assert.Equal(left, Texts(pattern).Take(text, []));

    [Fact]
    public void Taking_NothingFound_GivesTheSameString()
    {
        var text = "Nothing Here".ToLowerInvariant();
        Assert.Same(text, Lines("X").Take(text, []));
        Assert.Same(text, Texts("X").Take(text, []));
    }

    private static Rule Rules(string name) => RuleSet.Compile(new StabiliserSettings { Use = [name] }, "plugins.x")[0];

    private static Rule Lines(string pattern) => new("r", new Regex(pattern, RegexOptions.NonBacktracking), isLine: true, RuleAction.Move,
        RulePlaces.System);

    private static Rule Texts(string pattern) => new("r", new Regex(pattern, RegexOptions.NonBacktracking), isLine: false, RuleAction.Move,
        RulePlaces.System);
}
