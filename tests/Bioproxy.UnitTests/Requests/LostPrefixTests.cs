using System.Text.Json.Nodes;
using Bioproxy.Host.Prompts;
using Bioproxy.Host.Requests;
using Bioproxy.UnitTests.PromptTests;

namespace Bioproxy.UnitTests.Requests;

/// <summary>Which prompts count as misses, what of them was lost, and why.</summary>
public sealed class LostPrefixTests : IDisposable
{
    private const int Least = 512;
    private static readonly string Rules = string.Concat(Enumerable.Range(0, 400).Select(i => $"Rule number {i} of this house.\n"));
    private readonly RecentPrompts _recent = new();

    public void Dispose() => _recent.Dispose();

    [Fact]
    public void LostBy_ADateBeforeTheRules_IsAllThatFollows()
    {
        Keep(Chat("Today is 2026-11-28.\n" + Rules, "hello"));

        var lost = LostBy(Chat("Today is 2026-11-29.\n" + Rules, "hello"), cached: 5)!.Value;

        Assert.Equal((MissCause.CurrentDate, "current_date"), (lost.Difference.Cause, lost.Difference.Rule));
        Assert.Equal(("message 1 (system), its text, line 1", 1), (lost.Difference.Where, lost.Difference.Line));
        Assert.InRange(lost.Tokens, 0.9 * TokensOf(Rules), 1.1 * TokensOf(Rules));
        Assert.Null(lost.Difference.Excerpt);
    }

    [Fact]
    public void LostBy_NothingChanged_TheStateWasLost()
    {
        Keep(Chat(Rules, "hello"));

        var lost = LostBy(Chat(Rules, "hello", "hi", "more"), cached: 0)!.Value;

        Assert.Equal((MissCause.StateLost, null), (lost.Difference.Cause, lost.Difference.Rule));
        Assert.InRange(lost.Tokens, 0.9 * TokensOf(Rules), 1.1 * TokensOf(Rules));
    }

    [Fact]
    public void LostBy_LongNewText_LostNothing()
    {
        Keep(Chat(Rules, "hello"));
        var text = string.Concat(Enumerable.Range(0, 400).Select(i => $"Line {i * 7919} of a file that a tool has read.\n"));

        Assert.Null(LostBy(Chat(Rules, "hello", "hi", text), cached: TokensOf(Rules)));
        Assert.Null(LostBy(Chat(text, "hello"), cached: 0));
    }

    [Fact]
    public void LostBy_ANewSessionBehindTheSameRules_LostNothing()
    {
        Keep(Chat(Rules, "What does this program do? " + new string('x', 4000)));

        Assert.Null(LostBy(Chat(Rules, "And that one? " + new string('y', 4000)), cached: TokensOf(Rules)));
    }

    [Fact]
    public void LostBy_AnotherKey_IsNeverCompared()
    {
        Keep(Chat(Rules, "hello"), "ada");

        Assert.Null(LostBy(Chat(Rules, "hello", "hi", "more"), cached: 0));
    }

    [Fact]
    public void LostBy_ToolsInAnotherOrder_NamesTheTool()
    {
        var tools = Enumerable.Range(0, 20).Select(i => Tool($"tool{i}", new string('d', 400))).ToList();
        Keep(Chat("Be brief.", "hello", tools));
        tools.Reverse();

        var lost = LostBy(Chat("Be brief.", "hello", tools), cached: 0)!.Value;

        Assert.Equal((MissCause.ToolOrder, "tool_order"), (lost.Difference.Cause, lost.Difference.Rule));
        Assert.Equal("tools, tool 1 (tool19)", lost.Difference.Where);
        Assert.InRange(lost.Tokens, 1800, 2400);
    }

    [Fact]
    public void LostBy_ASummaryOfTheConversation_IsASideRequest()
    {
        Keep(Chat("Be brief.", Rules, [Tool("read", "Reads.")]));
        using var summary = TestPrompts.Chat(Chat("Summarise.", Rules));
        summary.Side = SideKind.Compaction;

        var lost = _recent.LostBy(summary, 0, Size(summary), Least, withExcerpt: false)!.Value;

        Assert.Equal(MissCause.SideRequest, lost.Difference.Cause);
    }

    private void Keep(string chat, string? domain = null)
    {
        var prompt = TestPrompts.Chat(chat, domain);
        prompt.Tokens = Size(prompt);
        _recent.Keep(prompt);
    }

    private LostPrefix? LostBy(string chat, int cached)
    {
        using var prompt = TestPrompts.Chat(chat);
        return _recent.LostBy(prompt, cached, Size(prompt), Least, withExcerpt: false);
    }

    private static int Size(CanonicalPrompt prompt) => prompt.Chain.Length / 4;

    private static int TokensOf(string text) => text.Length / 4;

    private static string Chat(string system, string question, string? answer = null, string? next = null) => answer is null
        ? Chat(system, question, [])
        : Body([], ("system", system), ("user", question), ("assistant", answer), ("user", next!));

    private static string Chat(string system, string question, List<JsonObject> tools) =>
        Body(tools, ("system", system), ("user", question));

    private static string Body(List<JsonObject> tools, params (string Role, string Text)[] messages) => new JsonObject
    {
        ["tools"] = new JsonArray([.. tools.Select(tool => tool.DeepClone())]),
        ["messages"] = new JsonArray([.. messages.Select(m => new JsonObject { ["role"] = m.Role, ["content"] = m.Text })]),
    }.ToJsonString();

    private static JsonObject Tool(string name, string description) => new()
    {
        ["type"] = "function",
        ["function"] = new JsonObject { ["name"] = name, ["description"] = description },
    };
}
