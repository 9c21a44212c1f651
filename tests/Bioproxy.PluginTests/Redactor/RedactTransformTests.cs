using System.Text.Json.Nodes;
using Bioproxy.Abstractions;
using Bioproxy.Redactor;
using Microsoft.Extensions.Logging;

namespace Bioproxy.PluginTests.Redactor;

public sealed class RedactTransformTests
{
    private const string Emails = """{"use":["email"]}""";

    [Fact]
    public async Task Transforming_AnyRole_MasksAllTextParts()
    {
        using var services = Services(Emails);
        var prompt = BodyPrompt.Of(PromptEndpoint.Chat, """
            {"messages":[
              {"role":"system","content":"You serve a@x.org."},
              {"role":"user","content":[{"type":"text","text":"I am b@x.org"},{"type":"image_url","image_url":{"url":"data:c@x.org"}},{"type":"text","text":"not a@x.org"}]},
              {"role":"assistant","content":null},
              {"role":"tool","content":"c@x.org"}]}
            """);
        await Transform(services, prompt);
        Assert.Equal(["You serve [EMAIL_1].", "I am [EMAIL_2]", null, "not [EMAIL_1]", "[EMAIL_3]"],
            prompt.Messages.SelectMany(message => message.Parts).Select(part => part.Text));
        Assert.Empty(prompt.ReplacedMembers);
        Assert.Equal(4, services.Counted["masked"]);
        Assert.False(services.Counted.ContainsKey("unreachable"));
    }

    [Fact]
    public async Task Transforming_NoSecret_EditsNothing()
    {
        using var services = Services(Emails);
        var prompt = BodyPrompt.Of(PromptEndpoint.Messages,
            """{"system":"Be kind.","tools":[{"name":"t","description":"d"}],"messages":[{"role":"user","content":"Hello"}]}""");
        await Transform(services, prompt);
        Assert.False(BodyPrompt.IsEdited(prompt));
        Assert.Null(Begin(services, prompt, ResponseTextKind.Answer));
    }

    [Fact]
    public async Task Transforming_NoPatterns_EditsNothing()
    {
        using var services = Services("{}");
        var prompt = BodyPrompt.Of(PromptEndpoint.Chat, """{"messages":[{"role":"user","content":"a@x.org [EMAIL_1]"}]}""");
        await Transform(services, prompt);
        Assert.False(BodyPrompt.IsEdited(prompt));
    }

    [Theory]
    [InlineData(PromptEndpoint.Messages, "system", """ "You serve a@x.org \ud83d\ude00 \u00e9." """,
        """ "You serve [EMAIL_1] \uD83D\uDE00 é." """)]
    [InlineData(
        PromptEndpoint.Messages,
        "system",
        """[ {"type":"text", "text":"a@x.org","cache_control":{"type":"ephemeral"}}, {"text":"\u0041","type":"text"} ]""",
        """[ {"type":"text", "text":"[EMAIL_1]","cache_control":{"type":"ephemeral"}}, {"text":"\u0041","type":"text"} ]""")]
    [InlineData(PromptEndpoint.Responses, "instructions", "\"a@x.org \\\"b@x.org\\\"\"", "\"[EMAIL_1] \\\"[EMAIL_2]\\\"\"")]
    [InlineData(
        PromptEndpoint.Chat,
        "tools",
        """[{"type":"function","function":{"name":"a@x.org","description":"for a@x.org","parameters":"""
        + """{"properties":{"name":{"default":"b@x.org"}},"required":["name","a@x.org"], "n": 1.0}}}]""",
        """[{"type":"function","function":{"name":"a@x.org","description":"for [EMAIL_1]","parameters":"""
        + """{"properties":{"name":{"default":"[EMAIL_2]"}},"required":["name","[EMAIL_1]"], "n": 1.0}}}]""")]
    [InlineData(
        PromptEndpoint.Messages,
        "tools",
        """[{"name":"a@x.org","input_schema":{"properties":{"to":{"examples":[{"name":"a@x.org"},"b@x.org"]}}}}]""",
        """[{"name":"a@x.org","input_schema":{"properties":{"to":{"examples":[{"name":"[EMAIL_1]"},"[EMAIL_2]"]}}}}]""")]
    public async Task Transforming_MemberBesideTheMessages_ChangesOnlyItsStrings(PromptEndpoint endpoint, string member, string value,
        string expected)
    {
        using var services = Services(Emails);
        var list = endpoint == PromptEndpoint.Responses ? "input" : "messages";
        var prompt = BodyPrompt.Of(endpoint, $$"""{"{{member}}":{{value}},"{{list}}":[{"role":"user","content":"Hello a@x.org"}]}""");
        await Transform(services, prompt);
        Assert.Equal(expected.Trim(), BodyPrompt.MemberOf(prompt, member));
        Assert.Equal("Hello [EMAIL_1]", prompt.Messages[0].Parts[0].Text);
    }

    [Fact]
    public async Task Transforming_AConversationThatGrows_KeepsEveryPlaceholder()
    {
        using var services = Services("""{"use":["email","password"]}""");
        string[] turns =
        [
            "My address is a@x.org and [EMAIL_2] is a "
            + "text.", "Noted: a@x.org.", "password: hunter2x for b@x.org", "Your password hunter2x works.",
            "c@x.org [EMAIL_1] hunter2x", "a@x.org, b@x.org, c@x.org", "d@x.org",
        ];
        var before = new List<string>();
        for (var count = 1; count <= turns.Length; count++)
        {
            var messages = turns.Take(count).Select((text, i) =>
                (JsonNode)new JsonObject { ["role"] = i % 2 == 0 ? "user" : "assistant", ["content"] = text });
            var prompt = BodyPrompt.Of(PromptEndpoint.Chat, new JsonObject { ["messages"] = new JsonArray([.. messages]) }.ToJsonString());
            await Transform(services, prompt);
            var masked = prompt.Messages.Select(message => message.Parts[0].Text!).ToList();
            Assert.Equal(before, masked.Take(before.Count));
            before = masked;
        }

        Assert.Equal("My address is [EMAIL_1] and [EMAIL_2] is a text.", before[0]);
        Assert.Equal("password: [PASSWORD_1] for [EMAIL_3]", before[2]);
        Assert.Equal("Your password [PASSWORD_1] works.", before[3]);
        Assert.Equal("[EMAIL_4] [EMAIL_5] [PASSWORD_1]", before[4]);
    }

    [Fact]
    public async Task Transforming_SomeRoles_LeavesSecretsOfOthersButNoLookAlike()
    {
        using var services = Services("""{"use":["email"],"roles":["user"]}""");
        var prompt = BodyPrompt.Of(PromptEndpoint.Messages,
            """{"system":"a@x.org [EMAIL_1]","messages":[{"role":"user","content":"b@x.org"},"""
            + """{"role":"assistant","content":"b@x.org [EMAIL_2]"}]}""");
        await Transform(services, prompt);
        Assert.Equal("\"a@x.org [EMAIL_1]\"", BodyPrompt.MemberOf(prompt, "system"));
        Assert.Equal(["[EMAIL_2]", "b@x.org [EMAIL_3]"], prompt.Messages.Select(message => message.Parts[0].Text));
        Assert.Equal("[EMAIL_1] b@x.org [EMAIL_2]", Begin(services, prompt,
            ResponseTextKind.Answer)!.Edit("[EMAIL_1] [EMAIL_2] [EMAIL_3]"));
    }

    [Theory]
    [InlineData(ResponseTextKind.Answer, "say \"x\"")]
    [InlineData(ResponseTextKind.Reasoning, "say \"x\"")]
    [InlineData(ResponseTextKind.ToolArguments, "say \\\"x\\\"")]
    public async Task Restoring_EveryChannel_PutsTheSecretBack(ResponseTextKind kind, string expected)
    {
        using var services = Services("""{"patterns":{"Quote":"say \"x\""}}""");
        var prompt = BodyPrompt.Of(PromptEndpoint.Chat, """{"messages":[{"role":"user","content":"say \"x\"!"}]}""");
        await Transform(services, prompt);
        Assert.Equal("[QUOTE_1]!", prompt.Messages[0].Parts[0].Text);
        var editor = Begin(services, prompt, kind)!;
        Assert.Equal("", editor.Edit("[QUO"));
        Assert.Equal(expected + " ", editor.Edit("TE_1] "));
        Assert.Equal("", editor.Finish());
        Assert.Equal(1, services.Counted["restored"]);
    }

    [Fact]
    public async Task Restoring_SwitchedOff_LetsAnswersPass()
    {
        using var services = Services("""{"use":["email"],"restore":false}""");
        var prompt = BodyPrompt.Of(PromptEndpoint.Chat, """{"messages":[{"role":"user","content":"a@x.org"}]}""");
        await Transform(services, prompt);
        Assert.Equal("[EMAIL_1]", prompt.Messages[0].Parts[0].Text);
        Assert.Null(Begin(services, prompt, ResponseTextKind.Answer));
    }

    /// <summary>Endpoint, body, and the body that is sent on.</summary>
    public static TheoryData<PromptEndpoint, string, string> Tools => new()
    {
        {
            PromptEndpoint.Chat,
            """{"messages":[{"role":"assistant","content":null,"reasoning_content":"Ask a@x.org.","tool_calls":[{"id":"c1","function":"""
            + """{"name":"f","arguments":"{\"to\": \"a@x.org\",  \"n\":1.0,\"name\":\"b@x.org\"}"}}]},"""
            + """{"role":"tool","tool_call_id":"c1","content":"sent to b@x.org"}]}""",
            """{"messages":[{"role":"assistant","content":null,"reasoning_content":"Ask [EMAIL_1].","tool_calls":[{"id":"c1","function":"""
            + """{"name":"f","arguments":"{\"to\": \"[EMAIL_1]\",  \"n\":1.0,\"name\":\"[EMAIL_2]\"}"}}]},"""
            + """{"role":"tool","tool_call_id":"c1","content":"sent to [EMAIL_2]"}]}"""
        },
        {
            PromptEndpoint.Chat,
            """{"messages":[{"role":"assistant","tool_calls":[{"id":"c1","function":{"name":"f","arguments":"{\"to\":\"a@x.org"}}]}]}""",
            """{"messages":[{"role":"assistant","tool_calls":[{"id":"c1","function":{"name":"f","arguments":"{\"to\":\"[EMAIL_1]"}}]}]}"""
        },
        {
            PromptEndpoint.Messages,
            """{"messages":[{"role":"assistant","content":[{"type":"thinking","thinking":"a@x.org?","signature":""},"""
            + """{"type":"tool_use","id":"t1","name":"f","input":{ "to" : "a@x.org", "n": 1.0 }}]},"""
            + """{"role":"user","content":[{"type":"tool_result","tool_use_id":"t1","content":["""
            + """{"type":"text","text":"a@x.org, b@x.org"}]},"""
            + """{"type":"tool_result","tool_use_id":"t2","content":"b@x.org"},{"type":"text","text":"c@x.org"}]}]}""",
            """{"messages":[{"role":"assistant","content":[{"type":"thinking","thinking":"[EMAIL_1]?","signature":""},"""
            + """{"type":"tool_use","id":"t1","name":"f","input":{ "to" : "[EMAIL_1]", "n": 1.0 }}]},"""
            + """{"role":"user","content":[{"type":"tool_result","tool_use_id":"t1","content":["""
            + """{"type":"text","text":"[EMAIL_1], [EMAIL_3]"}]},"""
            + """{"type":"tool_result","tool_use_id":"t2","content":"[EMAIL_3]"},{"type":"text","text":"[EMAIL_2]"}]}]}"""
        },
        {
            PromptEndpoint.Responses,
            """{"input":[{"type":"reasoning","id":"r1","summary":[{"type":"summary_text","text":"a@x.org"}]},"""
            + """{"type":"function_call","call_id":"c1","name":"f","arguments":"{\"to\":\"a@x.org\"}"},"""
            + """{"type":"custom_tool_call","call_id":"c2","name":"g","input":"mail b@x.org"},"""
            + """{"type":"function_call_output","call_id":"c1","output":"a@x.org"},"""
            + """{"type":"custom_tool_call_output","call_id":"c2","output":[{"type":"input_text","text":"b@x.org"}]}]}""",
            """{"input":[{"type":"reasoning","id":"r1","summary":[{"type":"summary_text","text":"[EMAIL_1]"}]},"""
            + """{"type":"function_call","call_id":"c1","name":"f","arguments":"{\"to\":\"[EMAIL_1]\"}"},"""
            + """{"type":"custom_tool_call","call_id":"c2","name":"g","input":"mail [EMAIL_2]"},"""
            + """{"type":"function_call_output","call_id":"c1","output":"[EMAIL_1]"},"""
            + """{"type":"custom_tool_call_output","call_id":"c2","output":[{"type":"input_text","text":"[EMAIL_2]"}]}]}"""
        },
    };

    [Theory]
    [MemberData(nameof(Tools))]
    public async Task Transforming_ToolCallsResultsAndReasoning_MasksThemAndNothingIsUnreachable(
        PromptEndpoint endpoint, string body, string expected)
    {
        using var services = Services(Emails);
        var prompt = BodyPrompt.Of(endpoint, body);
        await Transform(services, prompt);
        Assert.Equal(expected, BodyPrompt.Sent(prompt));
        Assert.Equal(0, services.Counted.GetValueOrDefault("unreachable"));
    }

    [Fact]
    public async Task Transforming_ToolCallsOfRolesThatStay_LeavesThem()
    {
        using var services = Services("""{"use":["email"],"roles":["tool"]}""");
        const string Body = """{"input":[{"type":"function_call","call_id":"c1","name":"f","arguments":"{\"to\":\"a@x.org\"}"},"""
            + """{"type":"function_call_output","call_id":"c1","output":"b@x.org"}]}""";
        var prompt = BodyPrompt.Of(PromptEndpoint.Responses, Body);
        await Transform(services, prompt);
        Assert.Equal(Body.Replace("b@x.org", "[EMAIL_1]", StringComparison.Ordinal), BodyPrompt.Sent(prompt));
    }

    [Theory]
    [InlineData(
        PromptEndpoint.Chat,
        """{"messages":[{"role":"user","content":[{"type":"text","text":"a@x.org"},{"type":"image_url","image_url":"""
        + """{"url":"b@x.org"}},{"type":"file","file":"b@x.org"}],"name":"c@x.org"}]}""",
        2)]
    [InlineData(
        PromptEndpoint.Chat,
        """{"messages":[{"role":"assistant","tool_calls":[{"function":{"name":"f","arguments":"{}"},"note":"a@x.org"}], """
        + """ "function_call":{"arguments":"b@x.org"}}]}""",
        1)]
    [InlineData(PromptEndpoint.Chat, """{"metadata":"a@x.org","messages":[{"role":"user","content":"a@x.org"}]}""", 0)]
    [InlineData(PromptEndpoint.Messages, """{"messages":[{"role":"user","content":[{"type":"tool_result","content":"\ud83d"}]}]}""", 1)]
    [InlineData(PromptEndpoint.Responses, """{"input":"a@x.org"}""", 0)]
    [InlineData(PromptEndpoint.Completion, """{"prompt":"a@x.org"}""", 0)]
    [InlineData(PromptEndpoint.Completion, """{"prompt":["a@x.org","b@x.org"]}""", 0)]
    public async Task Transforming_SecretsThatCannotBeMasked_CountsThemOrRefuses(PromptEndpoint endpoint, string body, int unreachable)
    {
        var log = new LogLines();
        using var services = Services(Emails, log);
        await Transform(services, Prompt());
        Assert.Equal(unreachable, services.Counted.GetValueOrDefault("unreachable"));
        Assert.Equal(unreachable > 0, log.Lines.Any(line => line.Level == LogLevel.Warning));

        using var strict = Services("""{"use":["email"],"refuse_unreachable":true}""");
        var error = await Record.ExceptionAsync(() => Transform(strict, Prompt()));
        if (unreachable == 0)
            Assert.Null(error);
        else
            Assert.StartsWith($"{unreachable} secrets stand in parts of messages", Assert.IsType<InvalidOperationException>(error).Message,
                StringComparison.Ordinal);

        PromptContext Prompt() => BodyPrompt.Of(endpoint, body);
    }

    [Fact]
    public async Task Transforming_SecretsOfRolesThatStay_AreNotUnreachable()
    {
        using var services = Services("""{"use":["email"],"roles":["user"]}""");
        await Transform(services, BodyPrompt.Of(PromptEndpoint.Chat,
            """{"messages":[{"role":"assistant","tool_calls":["a@x.org"]},{"role":"user","content":"Hello"}]}"""));
        Assert.Equal(0, services.Counted.GetValueOrDefault("unreachable"));
    }

    [Fact]
    public async Task Transforming_ARehearsal_MasksAndCountsNothing()
    {
        using var services = Services(Emails);
        var prompt = BodyPrompt.Of(PromptEndpoint.Chat, """{"messages":[{"role":"user","content":"a@x.org"}]}""", isWarmUp: true);
        await Transform(services, prompt);
        Assert.Equal("[EMAIL_1]", prompt.Messages[0].Parts[0].Text);
        Assert.Equal(0, services.Counted.GetValueOrDefault("masked"));
    }

    [Fact]
    public async Task Transforming_Secrets_LogsNoneOfThem()
    {
        var log = new LogLines();
        using var services = Services("""{"use":["email"],"refuse_unreachable":true}""", log);
        var body = """{"system":"one@x.org","tools":[{"name":"t","description":"two@x.org"}]"""
            + ""","messages":[{"role":"user","content":"three@x.org"},"""
            + """{"role":"assistant","content":[{"type":"document","source":"four@x.org"}]}]}""";
        var error = await Record.ExceptionAsync(() => Transform(services, BodyPrompt.Of(PromptEndpoint.Messages, body)));
        using var lenient = Services(Emails, log);
        var prompt = BodyPrompt.Of(PromptEndpoint.Messages, body);
        await Transform(lenient, prompt);
        Begin(lenient, prompt, ResponseTextKind.Answer)!.Edit("[EMAIL_1] [EMAIL_2]");
        Assert.Contains(log.Lines, line => line.Level == LogLevel.Debug);
        Assert.Contains(log.Lines, line => line.Level == LogLevel.Warning);
        Assert.DoesNotContain("@x.org", string.Concat(log.Lines) + error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Transforming_CancelledRequest_Stops()
    {
        using var services = Services(Emails);
        var prompt = BodyPrompt.Of(PromptEndpoint.Chat, """{"messages":[{"role":"user","content":"a@x.org"}]}""");
        await Assert.ThrowsAsync<OperationCanceledException>(() =>
            new RedactTransform(services).TransformAsync(prompt, new CancellationToken(true)).AsTask());
    }

    private static FakeServices Services(string json, ILogger? logger = null) =>
        new()
        {
            PluginName = "Bioproxy.Redactor",
            Json = json,
            Logger = logger ?? Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance
        };

    private static Task Transform(FakeServices services, PromptContext prompt) =>
        new RedactTransform(services).TransformAsync(prompt, CancellationToken.None).AsTask();

    private static IResponseEditor? Begin(FakeServices services, PromptContext prompt, ResponseTextKind kind) =>
        new RestoreTransform(services).Begin(new ResponseContext(prompt, isStream: true), new ResponseChannel(kind, 0));
}
