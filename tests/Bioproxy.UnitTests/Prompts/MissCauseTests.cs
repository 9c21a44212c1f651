using System.Text.Json.Nodes;
using Bioproxy.Abstractions;
using Bioproxy.Host.Prompts;
using Bioproxy.UnitTests.Readme;

namespace Bioproxy.UnitTests.PromptTests;

/// <summary>What a first difference is called, and which rule mends it.</summary>
public sealed class MissCauseTests
{
    [Theory]
    [InlineData("Today is 2026-11-28.", "Today is 2026-11-29.", nameof(MissCause.CurrentDate))]
    [InlineData("Today's date: Sat Nov 28 2026", "Today's date: Sun Nov 29 2026", nameof(MissCause.CurrentDate))]
    [InlineData(
        "Today's date is Saturday, November 28, 2026 (UTC)", "Today's date is Tuesday, May 1, 2027 (UTC)", nameof(MissCause.CurrentDate))]
    [InlineData("It is 28.11.2026", "It is 1.12.2026", nameof(MissCause.CurrentDate))]
    [InlineData("It is 10:41.", "It is 10:42.", nameof(MissCause.CurrentTime))]
    [InlineData("Now: 2026-11-28T09:59:59Z", "Now: 2026-11-29T10:00:00Z", nameof(MissCause.CurrentTime))]
    [InlineData("Time 9:05 AM", "Time 12:15 PM", nameof(MissCause.CurrentTime))]
    [InlineData("started at 1795903758", "started at 1795903999", nameof(MissCause.CurrentTime))]
    [InlineData("Cost so far: $0.12", "Cost so far: $1.3", nameof(MissCause.Cost))]
    [InlineData("Context used: 12,345 tokens", "Context used: 13,001 tokens", nameof(MissCause.TokenUsage))]
    [InlineData("You have 37 turns left.", "You have 36 turns left.", nameof(MissCause.TurnsLeft))]
    [InlineData("Request-ID: 7f3c11aa", "Request-ID: 88d21cc0", nameof(MissCause.Nonce))]
    [InlineData("Build 41 of the house", "Build 42 of the house", nameof(MissCause.Counter))]
    [InlineData("id 59e24f3f-526f-4144-b411-6cab2643df3a", "id 01a22434-a1a8-7b91-850e-8f62f9c0e37e", nameof(MissCause.Counter))]
    [InlineData("gitStatus: clean\nCurrent branch: main", "gitStatus: clean\nCurrent branch: work", nameof(MissCause.GitStatus))]
    [InlineData("Recent commits:\n9f17e2a one\n", "Recent commits:\n11aa22b two\n9f17e2a one\n", nameof(MissCause.GitStatus))]
    [InlineData("├───a.py\n└───b.py", "├───a.py\n├───aa.py\n└───b.py", nameof(MissCause.DirectoryListing))]
    [InlineData(
        "x-anthropic-billing-header: cc_version=2; cch=a91f3;", "x-anthropic-billing-header: cc_version=2; cch=00c7e;",
        nameof(MissCause.BillingHeader))]
    [InlineData("Be brief.\n\nUse tools.", "Be brief.\nUse tools. ", nameof(MissCause.WhiteSpace))]
    [InlineData("Be brief.", "Be thorough.", nameof(MissCause.SystemText))]
    public void Of_SystemMessage(string was, string text, string cause)
    {
        var rest = "\n" + new string('r', 300);

        Assert.Equal(cause, Cause([("system", was + rest), ("user", "q")], [("system", text + rest), ("user", "q")]));
    }

    [Theory]
    [InlineData("user", "first <system-reminder>Todo: 1</system-reminder>", "first", nameof(MissCause.SystemReminder))]
    [InlineData("user", "first", "first\n<system-reminder>Todo: 1</system-reminder>", nameof(MissCause.SystemReminder))]
    [InlineData("user", "first question", "another question", nameof(MissCause.EditedMessage))]
    [InlineData("tool", "file a", "[removed to save room]", nameof(MissCause.EditedMessage))]
    [InlineData("assistant", "An answer.\n", "An answer.", nameof(MissCause.WhiteSpace))]
    [InlineData("assistant", "An answer.", "No answer.", nameof(MissCause.EditedMessage))]
    [InlineData("assistant", "<think>Hm.</think>An answer.", "An answer.", nameof(MissCause.Reasoning))]
    public void Of_LaterMessage(string role, string was, string text, string cause) => Assert.Equal(
        cause,
        Cause(
            [("system", "s"), ("user", "q"), (role, was), ("user", "r"), ("assistant", "a")],
            [("system", "s"), ("user", "q"), (role, text), ("user", "r"), ("assistant", "a"), ("user", "next")]));

    [Fact]
    public void Of_SystemMessageInTheMiddle_IsNamed() => Assert.Equal(
        nameof(MissCause.MidSystem),
        Cause([("system", "s"), ("user", "q"), ("user", "r")], [("system", "s"), ("user", "q"), ("system", "Remember."), ("user", "r")]));

    [Theory]
    [InlineData("""{\"path\": \"a\", \"line\": 1}""", """{\"line\":1,\"path\":\"a\"}""", nameof(MissCause.ToolArguments))]
    [InlineData("""{\"path\": \"a\"}""", """{\"path\":\"a\"}""", nameof(MissCause.ToolArguments))]
    [InlineData("""{\"path\": \"a\"}""", """{\"path\": \"b\"}""", nameof(MissCause.EditedMessage))]
    public void Of_ToolCall(string was, string arguments, string cause)
    {
        const string Chat = """
            {"messages":[{"role":"user","content":"q"},
            {"role":"assistant","content":null,"tool_calls":[{"id":"1","function":{"name":"read","arguments":"ARGUMENTS"}}]}]}
            """;
        var difference = Between(
            Chat.Replace("ARGUMENTS", was, StringComparison.Ordinal), Chat.Replace("ARGUMENTS", arguments, StringComparison.Ordinal));

        Assert.Equal((cause, "message 2 (assistant), tool_calls"), (difference.Cause.ToString(), difference.Where));
    }

    [Theory]
    [InlineData("""[{"name":"a"},{"name":"b"}]""", """[{"name":"b"},{"name":"a"}]""", nameof(MissCause.ToolOrder), "tools, tool 1 (b)")]
    [InlineData(
        """[{"name":"a"},{"name":"b","x":{"p":1,"q":2}}]""", """[{"name":"a"},{"name":"b","x":{"q":2,"p":1}}]""",
        nameof(MissCause.SchemaOrder), "tools, tool 2 (b)")]
    [InlineData("""[{"name":"a"}]""", """[{"name":"a"},{"name":"b"}]""", nameof(MissCause.ToolsChanged), "tools, tool 2 (b)")]
    [InlineData("""[{"name":"a"},{"name":"b"}]""", """[{"name":"a"}]""", nameof(MissCause.ToolsChanged), "tools, after the last one (1)")]
    [InlineData("""[{"name":"a"}]""", """[]""", nameof(MissCause.ToolsChanged), "before the messages: only one of them has tools")]
    [InlineData("""[5]""", """{"a":1}""", nameof(MissCause.ToolsChanged), "tools")]
    public void Of_Tools(string was, string tools, string cause, string where)
    {
        var difference = Between(
            $$"""{"tools":{{was}},"messages":[{"role":"user","content":"q"}]}""",
            $$"""{"tools":{{tools}},"messages":[{"role":"user","content":"q"}]}""");

        Assert.Equal((cause, where), (difference.Cause.ToString(), difference.Where));
    }

    [Theory]
    [InlineData(
        "\"One.\\nToday is 2026-11-28.\"", "\"One.\\nToday is 2026-11-29.\"",
        nameof(MissCause.CurrentDate), "message 1 (system), its text, line 2")]
    [InlineData(
        """[{"type":"text","text":"x-anthropic-billing-header: cch=1"},{"type":"text","text":"Be brief."}]""",
        """[{"type":"text","text":"x-anthropic-billing-header: cch=2"},{"type":"text","text":"Be brief."}]""",
        nameof(MissCause.BillingHeader), "message 1 (system), its text")]
    [InlineData("\"Be brief.\"", "\"Be thorough.\"", nameof(MissCause.SystemText), "message 1 (system), its text")]
    public void Of_SystemOutsideTheMessages(string was, string system, string cause, string where)
    {
        var difference = Between(
            $$"""{"system":{{was}},"messages":[{"role":"user","content":"q"}]}""",
            $$"""{"system":{{system}},"messages":[{"role":"user","content":"q"}]}""",
            PromptEndpoint.Messages);

        Assert.Equal((cause, where), (difference.Cause.ToString(), difference.Where));
    }

    [Fact]
    public void Of_ALongLineOfDigits_TakesNoTimeOfNote() => Assert.Equal(
        nameof(MissCause.Counter),
        Cause([("system", new string('1', 3000)), ("user", "q")], [("system", new string('1', 2000)), ("user", "q")]));

    [Theory]
    [InlineData(nameof(MissCause.WhiteSpace), "assistant", "answer_text")]
    [InlineData(nameof(MissCause.WhiteSpace), "user", null)]
    [InlineData(nameof(MissCause.Reasoning), "assistant", "reasoning")]
    [InlineData(nameof(MissCause.DirectoryListing), "system", "directory_listing")]
    [InlineData(nameof(MissCause.BillingHeader), "system", "attribution")]
    [InlineData(nameof(MissCause.MidSystem), "system", "late_system")]
    [InlineData(nameof(MissCause.Cost), "system", "cost")]
    [InlineData(nameof(MissCause.Counter), "system", null)]
    [InlineData(nameof(MissCause.StateLost), "", null)]
    [InlineData(nameof(MissCause.EditedMessage), "user", null)]
    public void RuleOf_Cause_IsTheNormalisersRule(string cause, string role, string? rule) =>
        Assert.Equal(rule, MissCauses.RuleOf(Enum.Parse<MissCause>(cause), role));

    private static string Cause((string Role, string Text)[] was, (string Role, string Text)[] messages) =>
        Between(Body(was), Body(messages)).Cause.ToString();

    /// <summary>The rules for lines are for the system messages and the first question.</summary>
    [Theory]
    [InlineData("q at 10:41", "a", "q at 10:42", "a", "current_time")]
    [InlineData("q", "a", "q", "a", null)]
    public void Rule_ATimeInALaterMessage_HasNone(string first, string answer, string changed, string same, string? rule)
    {
        var isFirst = first != changed;
        var difference = Between(
            Body([("user", first), ("assistant", answer), ("user", isFirst ? "r" : "It is 10:41.")]),
            Body([("user", changed), ("assistant", same), ("user", isFirst ? "r" : "It is 10:42.")]));

        Assert.Equal((MissCause.CurrentTime, rule), (difference.Cause, difference.Rule));
    }

    [Fact]
    public void RuleOf_EveryCause_IsARuleOfThePrefixStabiliser()
    {
        var page = File.ReadLines(Path.Combine(Document.Root, "plugins", "Bioproxy.PrefixStabiliser", "README.md"));
        var rules = page.SelectMany(Document.SpansOf).ToHashSet(StringComparer.Ordinal);
        var named = Enum.GetValues<MissCause>().Select(cause => MissCauses.RuleOf(cause, "assistant")).OfType<string>();

        Assert.Empty(named.Except(rules));
    }

    private static PromptDifference Between(string was, string now, PromptEndpoint endpoint = PromptEndpoint.Chat)
    {
        using var prompt = TestPrompts.At(endpoint, now);
        using var before = TestPrompts.At(endpoint, was);
        return PromptDifference.Between(prompt, before, withExcerpt: false);
    }

    private static string Body((string Role, string Text)[] messages) => new JsonObject
    {
        ["messages"] = new JsonArray([.. messages.Select(m => new JsonObject { ["role"] = m.Role, ["content"] = m.Text })]),
    }.ToJsonString();
}
