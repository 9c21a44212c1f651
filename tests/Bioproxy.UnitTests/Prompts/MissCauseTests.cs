using System.Text.Json.Nodes;
using Bioproxy.Host.Prompts;

namespace Bioproxy.UnitTests.PromptTests;

/// <summary>What a first difference is called, and which rule mends it.</summary>
public sealed class MissCauseTests
{
    [Theory]
    [InlineData("Today is 2026-11-28.", "Today is 2026-11-29.", MissCause.CurrentDate)]
    [InlineData("Today's date: Sat Nov 28 2026", "Today's date: Sun Nov 29 2026", MissCause.CurrentDate)]
    [InlineData("Today's date is Saturday, November 28, 2026 (UTC)", "Today's date is Tuesday, May 1, 2027 (UTC)", MissCause.CurrentDate)]
    [InlineData("It is 28.11.2026", "It is 1.12.2026", MissCause.CurrentDate)]
    [InlineData("It is 10:41.", "It is 10:42.", MissCause.CurrentTime)]
    [InlineData("Now: 2026-11-28T09:59:59Z", "Now: 2026-11-29T10:00:00Z", MissCause.CurrentTime)]
    [InlineData("Time 9:05 AM", "Time 12:15 PM", MissCause.CurrentTime)]
    [InlineData("started at 1795903758", "started at 1795903999", MissCause.CurrentTime)]
    [InlineData("Cost so far: $0.12", "Cost so far: $1.3", MissCause.Counter)]
    [InlineData("Context used: 12,345 tokens", "Context used: 13,001 tokens", MissCause.Counter)]
    [InlineData("id 59e24f3f-526f-4144-b411-6cab2643df3a", "id 01a22434-a1a8-7b91-850e-8f62f9c0e37e", MissCause.Counter)]
    [InlineData("gitStatus: clean\nCurrent branch: main", "gitStatus: clean\nCurrent branch: work", MissCause.GitStatus)]
    [InlineData("Recent commits:\n9f17e2a one\n", "Recent commits:\n11aa22b two\n9f17e2a one\n", MissCause.GitStatus)]
    [InlineData("├───a.py\n└───b.py", "├───a.py\n├───aa.py\n└───b.py", MissCause.DirectoryListing)]
    [InlineData(
        "x-anthropic-billing-header: cc_version=2; cch=a91f3;", "x-anthropic-billing-header: cc_version=2; cch=00c7e;",
        MissCause.BillingHeader)]
    [InlineData("Be brief.\n\nUse tools.", "Be brief.\nUse tools. ", MissCause.WhiteSpace)]
    [InlineData("Be brief.", "Be thorough.", MissCause.SystemText)]
    public void Of_SystemMessage(string was, string text, MissCause cause)
    {
        var rest = "\n" + new string('r', 300);

        Assert.Equal(cause, Cause([("system", was + rest), ("user", "q")], [("system", text + rest), ("user", "q")]));
    }

    [Theory]
    [InlineData("user", "first <system-reminder>Todo: 1</system-reminder>", "first", MissCause.SystemReminder)]
    [InlineData("user", "first", "first\n<system-reminder>Todo: 1</system-reminder>", MissCause.SystemReminder)]
    [InlineData("user", "first question", "another question", MissCause.EditedMessage)]
    [InlineData("tool", "file a", "[removed to save room]", MissCause.EditedMessage)]
    [InlineData("assistant", "An answer.\n", "An answer.", MissCause.WhiteSpace)]
    [InlineData("assistant", "An answer.", "No answer.", MissCause.EditedMessage)]
    [InlineData("assistant", "<think>Hm.</think>An answer.", "An answer.", MissCause.Reasoning)]
    public void Of_LaterMessage(string role, string was, string text, MissCause cause) => Assert.Equal(
        cause,
        Cause(
            [("system", "s"), ("user", "q"), (role, was), ("user", "r"), ("assistant", "a")],
            [("system", "s"), ("user", "q"), (role, text), ("user", "r"), ("assistant", "a"), ("user", "next")]));

    [Fact]
    public void Of_SystemMessageInTheMiddle_IsNamed() => Assert.Equal(
        MissCause.MidSystem,
        Cause([("system", "s"), ("user", "q"), ("user", "r")], [("system", "s"), ("user", "q"), ("system", "Remember."), ("user", "r")]));

    [Theory]
    [InlineData("""{\"path\": \"a\", \"line\": 1}""", """{\"line\":1,\"path\":\"a\"}""", MissCause.ToolArguments)]
    [InlineData("""{\"path\": \"a\"}""", """{\"path\":\"a\"}""", MissCause.ToolArguments)]
    [InlineData("""{\"path\": \"a\"}""", """{\"path\": \"b\"}""", MissCause.EditedMessage)]
    public void Of_ToolCall(string was, string arguments, MissCause cause)
    {
        const string Chat = """
            {"messages":[{"role":"user","content":"q"},
            {"role":"assistant","content":null,"tool_calls":[{"id":"1","function":{"name":"read","arguments":"ARGUMENTS"}}]}]}
            """;
        var difference = Between(
            Chat.Replace("ARGUMENTS", was, StringComparison.Ordinal), Chat.Replace("ARGUMENTS", arguments, StringComparison.Ordinal));

        Assert.Equal((cause, "message 2 (assistant), tool_calls"), (difference.Cause, difference.Where));
    }

    [Theory]
    [InlineData("""[{"name":"a"},{"name":"b"}]""", """[{"name":"b"},{"name":"a"}]""", MissCause.ToolOrder, "tools, tool 1 (b)")]
    [InlineData(
        """[{"name":"a"},{"name":"b","x":{"p":1,"q":2}}]""", """[{"name":"a"},{"name":"b","x":{"q":2,"p":1}}]""",
        MissCause.SchemaOrder, "tools, tool 2 (b)")]
    [InlineData("""[{"name":"a"}]""", """[{"name":"a"},{"name":"b"}]""", MissCause.ToolsChanged, "tools, tool 2 (b)")]
    [InlineData("""[{"name":"a"},{"name":"b"}]""", """[{"name":"a"}]""", MissCause.ToolsChanged, "tools, after the last one (1)")]
    [InlineData("""[{"name":"a"}]""", """[]""", MissCause.ToolsChanged, "before the messages: only one of them has tools")]
    [InlineData("""[5]""", """{"a":1}""", MissCause.ToolsChanged, "tools")]
    public void Of_Tools(string was, string tools, MissCause cause, string where)
    {
        var difference = Between(
            $$"""{"tools":{{was}},"messages":[{"role":"user","content":"q"}]}""",
            $$"""{"tools":{{tools}},"messages":[{"role":"user","content":"q"}]}""");

        Assert.Equal((cause, where), (difference.Cause, difference.Where));
    }

    [Theory]
    [InlineData("\"One.\\nToday is 2026-11-28.\"", "\"One.\\nToday is 2026-11-29.\"", MissCause.CurrentDate, "system, line 2")]
    [InlineData(
        """[{"type":"text","text":"x-anthropic-billing-header: cch=1"},{"type":"text","text":"Be brief."}]""",
        """[{"type":"text","text":"x-anthropic-billing-header: cch=2"},{"type":"text","text":"Be brief."}]""",
        MissCause.BillingHeader, "system, line 1")]
    [InlineData("\"Be brief.\"", "\"Be thorough.\"", MissCause.SystemText, "system, line 1")]
    public void Of_SystemOutsideTheMessages(string was, string system, MissCause cause, string where)
    {
        var difference = Between(
            $$"""{"system":{{was}},"messages":[{"role":"user","content":"q"}]}""",
            $$"""{"system":{{system}},"messages":[{"role":"user","content":"q"}]}""");

        Assert.Equal((cause, where), (difference.Cause, difference.Where));
    }

    [Fact]
    public void Of_ALongLineOfDigits_TakesNoTimeOfNote() => Assert.Equal(
        MissCause.Counter,
        Cause([("system", new string('1', 3000)), ("user", "q")], [("system", new string('1', 2000)), ("user", "q")]));

    [Theory]
    [InlineData(MissCause.WhiteSpace, "assistant", "answer_text")]
    [InlineData(MissCause.WhiteSpace, "user", null)]
    [InlineData(MissCause.Reasoning, "assistant", "answer_text")]
    [InlineData(MissCause.DirectoryListing, "system", "git_status")]
    [InlineData(MissCause.Counter, "system", "counters")]
    [InlineData(MissCause.StateLost, "", null)]
    [InlineData(MissCause.EditedMessage, "user", null)]
    public void RuleOf_Cause_IsTheNormalisersRule(MissCause cause, string role, string? rule) =>
        Assert.Equal(rule, MissCauses.RuleOf(cause, role));

    private static MissCause Cause((string Role, string Text)[] was, (string Role, string Text)[] messages) =>
        Between(Body(was), Body(messages)).Cause;

    private static PromptDifference Between(string was, string now)
    {
        using var prompt = TestPrompts.Chat(now);
        using var before = TestPrompts.Chat(was);
        return PromptDifference.Between(prompt, before, withExcerpt: false);
    }

    private static string Body((string Role, string Text)[] messages) => new JsonObject
    {
        ["messages"] = new JsonArray([.. messages.Select(m => new JsonObject { ["role"] = m.Role, ["content"] = m.Text })]),
    }.ToJsonString();
}
