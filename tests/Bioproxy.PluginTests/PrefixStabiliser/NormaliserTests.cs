using System.Text.Json.Nodes;
using Bioproxy.Abstractions;

namespace Bioproxy.PluginTests.PrefixStabiliser;

public sealed class NormaliserTests
{
    private const string Header = "x-anthropic-billing-header: cc_version=2.1.100.7b4; cc_entrypoint=cli; cch=eb6c6;";
    private const string Question = """{"role":"user","content":"Hi"}""";

    [Theory]
    [InlineData(PromptEndpoint.Messages, $$"""{"system":"{{Header}}\nBe kind.","messages":[{{Question}}]}""")]
    [InlineData(
        PromptEndpoint.Messages,
        $$"""{"system":[{"type":"text","text":"{{Header}}\n"},{"type":"text","text":"Be kind."}],"messages":[{{Question}}]}""")]
    [InlineData(PromptEndpoint.Chat, $$"""{"messages":[{"role":"system","content":"{{Header}}\n{{Header}}\nBe kind."},{{Question}}]}""")]
    [InlineData(PromptEndpoint.Responses, $$"""{"instructions":"{{Header}}","input":[{{Question}}]}""")]
    public async Task Attribution_AtTheHead_IsRemovedByDefault(PromptEndpoint endpoint, string body)
    {
        using var client = new Client();

        var prompt = await client.TransformAsync(body, endpoint);

        Assert.Equal(body.Replace(Header + "\\n", "", StringComparison.Ordinal).Replace(Header, "", StringComparison.Ordinal),
            BodyPrompt.Sent(prompt));
        Assert.Equal("attribution", Assert.Single(prompt.Notes).Key);
        Assert.Equal(prompt.Notes["attribution"], client.Services.Counted["rule_attribution"]);
    }

    [Theory]
    [InlineData(
        "{}", $$"""{"messages":[{"role":"system","content":"Never write\n{{Header}}"},{"role":"user","content":"{{Header}}"}]}""")]
    [InlineData("""{"attribution":false}""", $$"""{"messages":[{"role":"system","content":"{{Header}}"},{{Question}}]}""")]
    public async Task Attribution_ElsewhereOrSwitchedOff_Stays(string settings, string body)
    {
        using var client = new Client(settings);

        Assert.Equal(body, await client.SendAsync(body));
    }

    /// <summary>The bytes of every body that no rule touches stay, whatever the client wrote between them.</summary>
    [Theory]
    [InlineData(
        PromptEndpoint.Chat,
        """{ "messages" : [ {"content":"\u0041", "role":"system"},{"role":"user","content":[]} ], "n":1.0 }""")]
    [InlineData(
        PromptEndpoint.Chat,
        """{"messages":[{"role":"assistant","content":" a ","tool_calls":[{"id":"c9","function":{"arguments":"{\"a\" :1}"}}]}]}""")]
    [InlineData(
        PromptEndpoint.Messages,
        """{"system":[{"text":"A","cache_control":{}}],"messages":[{"role":"user","content":"\ud800"}]}""")]
    [InlineData(PromptEndpoint.Responses, """{"input":[{"type":"function_call","call_id":"c9","arguments":"{ }"}]}""")]
    [InlineData(PromptEndpoint.Completion, """{"prompt":"x-anthropic-billing-header: a"}""")]
    public async Task Prompt_ThatNoRuleTouches_KeepsItsBytes(PromptEndpoint endpoint, string body)
    {
        using var client = new Client();
        await client.SendAsync($$"""{"messages":[{{Question}}]}""", answer: [Client.Text("b"), Client.Call("c1", "{}")]);

        var prompt = await client.TransformAsync(body, endpoint);

        Assert.False(BodyPrompt.IsEdited(prompt));
        Assert.Empty(prompt.Notes);
    }

    public static TheoryData<PromptEndpoint, string> Calls => new()
    {
        {
            PromptEndpoint.Chat,
            """{"messages":[{"role":"assistant","content":null,"tool_calls":[{"id":"c1","function":{"name":"f","arguments":ARGS}}]}]}"""
        },
        { PromptEndpoint.Responses, """{"input":[{"type":"function_call","call_id":"c1","name":"f","arguments":ARGS}]}""" },
    };

    [Theory]
    [MemberData(nameof(Calls))]
    public async Task Arguments_WrittenAnewByTheClient_ComeBackAsTheModelWroteThem(PromptEndpoint endpoint, string body)
    {
        const string Written = """{"b": "ä/é",  "a": [1, 2.0]}""";
        using var client = new Client();
        await client.SendAsync($$"""{"messages":[{{Question}}]}""", domain: "d", answer: Client.Call("c1", Written));

        var again = With("""{"a":[1,2.0],"b":"\u00e4\/é"}""");
        Assert.Equal(With(Written), Unescaped(await client.SendAsync(again, endpoint, "d")));
        Assert.Equal(1, client.Services.Counted["rule_tool_arguments"]);

        foreach (var other in new[] { """{"a":[2,1],"b":"ä/é"}""", """{"b":"ä/é"}""", """{"b": "ä/""", "" })
            Assert.Equal(With(other), await client.SendAsync(With(other), endpoint, "d"));
        Assert.Equal(again, await client.SendAsync(again, endpoint, "another"));
        Assert.Equal(again, await client.SendAsync(again, endpoint));

        string With(string arguments) => body.Replace("ARGS", Client.Json(arguments), StringComparison.Ordinal);
        static string Unescaped(string json) => JsonNode.Parse(json)!.ToJsonString();
    }

    [Fact]
    public async Task Arguments_OfAnthropic_ComeBackAsJson()
    {
        using var client = new Client();
        await client.SendAsync("""{"messages":[]}""", PromptEndpoint.Messages, answer: Client.Call("t1", """{"b": 1, "a": 2}"""));

        Assert.Equal(
            """{"messages":[{"role":"assistant","content":[{"type":"tool_use","id":"t1","input":{"b": 1, "a": 2},"name":"f"}]}]}""",
            await client.SendAsync(
                """{"messages":[{"role":"assistant","content":[{"type":"tool_use","id":"t1","input":{"a":2,"b":1},"name":"f"}]}]}""",
                PromptEndpoint.Messages));
    }

    [Theory]
    [InlineData("\n\nOne.  \nTwo\n", "One.\nTwo", true)]
    [InlineData("One\nTwo", "One\r\nTwo \r\n", true)]
    [InlineData("One", "One", false)]
    [InlineData("if:\n    a", "if:\n  a", false)]
    [InlineData("a\n\nb", "a\nb", false)]
    [InlineData("One", "one", false)]
    public async Task Answer_WithOtherWhiteSpaceAtItsEdges_ComesBackAsTheModelWroteIt(string written, string returned, bool isMended)
    {
        using var client = new Client();
        await client.SendAsync($$"""{"messages":[{"role":"system","content":"S"},{{Question}}]}""", answer: Client.Text(written));

        Assert.Equal(With(isMended ? written : returned), Escaped(await client.SendAsync(With(returned))));

        string With(string answer) => $$"""{"messages":[{"role":"system","content":"S"},{{Question}},{"role":"assistant","content":"""
            + $$"""{{Client.Json(answer)}}},{"role":"user","content":"And?"}]}""";
        static string Escaped(string json) => json;
    }

    [Fact]
    public async Task Answer_ToAnotherQuestionOrOfAnotherDomain_Stays()
    {
        using var client = new Client();
        await client.SendAsync($$"""{"messages":[{{Question}}]}""", domain: "d", answer: Client.Text("One\n"));

        foreach (var (question, domain) in new[] { ("Ho", "d"), ("Hi", "e"), ("Hi", null) })
        {
            var body = $$"""{"messages":[{"role":"user","content":"{{question}}"},{"role":"assistant","content":"One"},{{Question}}]}""";
            Assert.Equal(body, await client.SendAsync(body, domain: domain));
        }
    }

    /// <summary>The client asks to go on from exactly there.</summary>
    [Fact]
    public async Task Answer_ThatIsToBeContinued_Stays()
    {
        using var client = new Client("""{"reasoning":true}""");
        await client.SendAsync($$"""{"messages":[{{Question}}]}""", answer: [Client.Text("One "), Client.Reasoning("r")]);

        const string Body = $$"""{"messages":[{{Question}},{"role":"assistant","content":"One"}]}""";
        Assert.Equal(Body, await client.SendAsync(Body));
    }

    [Fact]
    public async Task Answer_GivenTwiceWithDifferentEdges_Stays()
    {
        using var client = new Client();
        await client.SendAsync($$"""{"messages":[{{Question}}]}""", answer: Client.Text("One\n"));
        await client.SendAsync($$"""{"messages":[{{Question}}]}""", answer: Client.Text("\nOne"));

        const string Body = $$"""{"messages":[{{Question}},{"role":"assistant","content":"One"},{{Question}}]}""";
        Assert.Equal(Body, await client.SendAsync(Body));
    }

    [Fact]
    public async Task Reasoning_ThatTheClientLeftOut_ComesBackWhereItWas()
    {
        using var client = new Client("""{"reasoning":true}""");
        const string Called = $$"""{"messages":[{{Question}},{"role":"assistant","content":null,"tool_calls":[{"id":"c1","function":"""
            + """{"name":"f","arguments":"{}"}}]},{"role":"tool","tool_call_id":"c1","content":"r"}]}""";
        const string Answered = $$"""{"messages":[{{Question}},{ "role":"assistant","content":"One"},{"role":"user","content":"And?"}]}""";
        await client.SendAsync($$"""{"messages":[{{Question}}]}""", answer: [Client.Reasoning("Call\nit"), Client.Call("c1", "{}")]);
        await client.SendAsync($$"""{"messages":[{{Question}}]}""", answer: [Client.Reasoning("Say it"), Client.Text("One")]);

        Assert.Equal(
            Called.Replace("""{"role":"assistant",""", """{"reasoning_content":"Call\nit","role":"assistant",""", StringComparison.Ordinal),
            await client.SendAsync(Called));
        Assert.Equal(
            Answered.Replace("""{ "role":""", """{"reasoning_content":"Say it", "role":""", StringComparison.Ordinal),
            await client.SendAsync(Answered));
        Assert.Equal(Answered, await client.SendAsync(Answered, domain: "another"));
        var own = Answered.Replace("\"One\"", "\"One\",\"reasoning_content\":\"own\"", StringComparison.Ordinal);
        Assert.Equal(own, await client.SendAsync(own));
    }

    [Fact]
    public async Task LateSystem_InTheMiddle_BecomesTheUsersTextInItsPlace()
    {
        using var client = new Client("""{"late_system":true}""");

        Assert.Equal(
            $$"""{"messages":[{"role":"system","content":"S"},{"role":"developer","content":"D"},{{Question}},"""
                + """{"content":"<system-reminder>\nLate\n</system-reminder>","role" : "user"},{"role":"system","content":[]}]}""",
            await client.SendAsync(
                $$"""{"messages":[{"role":"system","content":"S"},{"role":"developer","content":"D"},{{Question}},"""
                + """{"content":"Late","role" : "system"},{"role":"system","content":[]}]}"""));
        Assert.Equal(1, client.Services.Counted["rule_late_system"]);
    }

    [Fact]
    public async Task Tools_InAnotherOrder_KeepTheKnownOneWithNewToolsBehind()
    {
        using var client = new Client("""{"tool_order":true,"schema_order":true}""");
        const string A = """{"type":"function","function":{"name":"a","parameters":{"x":1,"y":2}}}""";
        const string OtherA = """{"function":{"parameters":{"y":2,"x":1},"name":"a"},"type":"function"}""";
        const string B = """{"type":"function","function":{"name":"b"}}""";
        const string C = """{"type":"function","function":{"name":"c"}}""";

        Assert.Equal(Body($"[{B}, {A}]"), await client.SendAsync(Body($"[{B}, {A}]")));
        Assert.Equal(Body($"[{B} ,{A},{C}]"), await client.SendAsync(Body($"[{C} ,{OtherA},{B}]")));
        Assert.Equal(Body($"[{B},{C}]"), await client.SendAsync(Body($"[{C},{B}]")));
        Assert.Equal(Body($"[{OtherA},{C}]"), await client.SendAsync(Body($"[{OtherA},{C}]"), domain: "another"));

        static string Body(string tools) => $$"""{"tools":{{tools}},"messages":[{{Question}}]}""";
    }

    /// <summary>Pi's tools came in OpenCode's order: both have a <c>bash</c> and an <c>edit</c>.</summary>
    [Fact]
    public async Task Tools_NamedLikeThoseOfAnotherProgram_KeepTheOrderOfTheirOwn()
    {
        using var client = new Client("""{"tool_order":true,"schema_order":true}""");
        var one = new[] { Tool("bash", "Runs"), Tool("edit", "Edits"), Tool("glob", "Finds") };
        var other = new[] { Tool("read", "Read it"), Tool("bash", "Run it"), Tool("edit", "Edit it") };
        var third = new[] { Tool("edit", "Change"), Tool("bash", "Execute") };
        var fourth = new[] { Tool("edit", "Modify"), Tool("bash", "Call") };

        foreach (var tools in new[] { one, other, third, fourth })
            Assert.Equal(Body(tools), await client.SendAsync(Body(tools)));
        foreach (var tools in new[] { one, other, third, fourth })
            Assert.Equal(Body(tools), await client.SendAsync(Body([.. tools.Reverse()])));

        static string Tool(string name, string description) => $$"""{"name":"{{name}}","description":"{{description}}"}""";

        static string Body(string[] tools) => $$"""{"tools":[{{string.Join(',', tools)}}],"messages":[{{Question}}]}""";
    }

    [Fact]
    public async Task Tools_ByDefault_Stay()
    {
        using var client = new Client();
        const string First = $$"""{"tools":[{"name":"a"},{"name":"b"}],"messages":[{{Question}}]}""";
        const string Second = $$"""{"tools":[{"name":"b"},{"name":"a"}],"messages":[{{Question}}]}""";

        Assert.Equal(First, await client.SendAsync(First));
        Assert.Equal(Second, await client.SendAsync(Second));
    }

    [Fact]
    public async Task Pins_InAConversation_KeepWhatStoodThereFirst()
    {
        var time = new FakeTimeProvider(new DateTimeOffset(2026, 1, 31, 10, 0, 0, TimeSpan.Zero));
        using var client = new Client("""{"pin":["current_date","current_time","git_status"]}""", time);

        Assert.Equal(Body("10:00", ""), await client.SendAsync(Body("10:00", "")));
        Assert.Equal(Body("10:00", Turn), await client.SendAsync(Body("10:05", Turn)));
        Assert.Equal(2, client.Services.Counted["rule_current_time"]);
        Assert.Equal(Body("10:06", ""), await client.SendAsync(Body("10:06", ""))); // a new conversation that begins alike
        Assert.Equal(Body("10:07", Turn), await client.SendAsync(Body("10:07", Turn), domain: "another"));
        time.Advance(TimeSpan.FromHours(25));
        Assert.Equal(Body("11:00", Turn), await client.SendAsync(Body("11:00", Turn)));

        static string Body(string time, string turns) => $$$"""{"messages":[{"role":"system","content":"A\nCurrent time: {{{time}}}\nB"},"""
            + $$$"""{"role":"user","content":"Current time: {{{time}}}\nHi"}{{{turns}}}]}""";
    }

    private const string Turn = """,{"role":"assistant","content":"1"},{"role":"user","content":"2"}""";

    /// <summary>Run on its own output the stabiliser changes nothing, whatever rules are on and whatever it remembers.</summary>
    [Fact]
    public async Task Stabilising_ItsOwnOutput_ChangesNothing()
    {
        using var client = new Client(
            """{"use":["nonce","cost","token_usage"],"pin":["current_date","git_status"],"tool_order":true,"schema_order":true,"""
            + "\"reasoning\":true,\"late_system\":true,\"system_reminder\":true}");
        var random = new Random(7);
        for (var round = 0; round < 400; round++)
        {
            var body = RandomBody(random);
            AnswerPart[] answer =
            [
                Client.Text(Pick(random, "\n1", "1", "1 ", "1\n\n2")),
                Client.Call($"c{random.Next(4)}", "{ \"a\" :1}"),
                Client.Reasoning("r"),
            ];
            var once = await client.SendAsync(body, domain: Pick(random, null, "d"), answer: random.Next(2) == 0 ? answer : []);
            var twice = await client.TransformAsync(once, domain: null);

            Assert.True(!BodyPrompt.IsEdited(await client.TransformAsync(BodyPrompt.Sent(twice))), BodyPrompt.Sent(twice));
        }
    }

    private static string RandomBody(Random random)
    {
        var system = string.Join("\\n", Enumerable.Range(0, random.Next(4)).Select(_ => Pick(
            random, Header, "Rules", "Today's date is 2026-01-31.", "nonce: 12", "Cost: $1.2", "Token usage: 1/2",
            "gitStatus: x\\n\\nStatus:\\n M a")));
        var turns = string.Concat(Enumerable.Range(0, random.Next(3)).Select(_ => Pick(
            random,
            """,{"role":"assistant","content":"1 "},{"role":"user","content":"Hi"}""",
            """,{"role":"assistant","content":null,"tool_calls":[{"id":"c1","function":{"name":"a","arguments":"{\"a\":1}"}}]}""",
            """,{"role":"tool","tool_call_id":"c1","content":"Cost: $3"}""",
            """,{"role":"tool","tool_call_id":"c1","content":"Cost: $3\n<system-reminder>1</system-reminder>"}""",
            """,{"role":"user","content":[{"type":"text","text":"2"},{"type":"text","text":"<system-reminder>2</system-reminder>"}]}""",
            """,{"role":"user","content":"2"}""",
            """,{"role":"system","content":"Late"}""")));
        var tools = Pick(
            random, """{"name":"a","x":1,"y":2},{"name":"b"}""", """{"name":"b"},{"y":2,"name":"a","x":1}""", """{"name":"c"}""");
        return $$"""{"tools":[{{tools}}],"messages":[{"role":"system","content":"{{system}}"},{{Question}}{{turns}}]}""";
    }

    private static T Pick<T>(Random random, params T[] values) => values[random.Next(values.Length)];
}
