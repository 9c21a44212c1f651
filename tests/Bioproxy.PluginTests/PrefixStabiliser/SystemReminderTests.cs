using System.Text.Json.Nodes;
using Bioproxy.Abstractions;

namespace Bioproxy.PluginTests.PrefixStabiliser;

public sealed class SystemReminderTests
{
    private const string On = """{"system_reminder":true}""";
    private const string Note = "<system-reminder>\nThe list of tasks is empty.\n</system-reminder>";
    private const string OtherNote = "<system-reminder>\nTwo tasks are left.\n</system-reminder>";

    /// <summary>How agents attach a reminder to a message: protocol, the message with it, and without it.</summary>
    public static TheoryData<PromptEndpoint, string, string> Messages => new()
    {
        // A part of its own behind the result of a tool.
        {
            PromptEndpoint.Messages,
            """{"role":"user","content":[{"type":"tool_result","tool_use_id":"t1","content":"ok"},{"type":"text","text":"NOTE"}]}""",
            """{"role":"user","content":[{"type":"tool_result","tool_use_id":"t1","content":"ok"}]}"""
        },

        // In the text of the result itself.
        {
            PromptEndpoint.Messages,
            """{"role":"user","content":[{"type":"tool_result","tool_use_id":"t1","content":"ok\n\nNOTE"}]}""",
            """{"role":"user","content":[{"type":"tool_result","tool_use_id":"t1","content":"ok"}]}"""
        },
        {
            PromptEndpoint.Chat,
            """{"role":"tool","tool_call_id":"t1","content":"ok\nNOTE\n"}""",
            """{"role":"tool","tool_call_id":"t1","content":"ok"}"""
        },

        // Behind the words of the user.
        {
            PromptEndpoint.Chat,
            """{"role":"user","content":[{"type":"text","text":"Plan it."},{"type":"text","text":"NOTE"}]}""",
            """{"role":"user","content":"Plan it."}"""
        },
        {
            PromptEndpoint.Responses,
            """{"role":"user","content":[{"type":"input_text","text":"Plan it."},{"type":"input_text","text":"NOTE"}]}""",
            """{"role":"user","content":[{"type":"input_text","text":"Plan it."}]}"""
        },
        {
            PromptEndpoint.Responses,
            """{"type":"function_call_output","call_id":"t1","output":"ok\nNOTE"}""",
            """{"type":"function_call_output","call_id":"t1","output":"ok"}"""
        },
    };

    [Theory]
    [MemberData(nameof(Messages))]
    public async Task Reminder_ThatMovesToTheNewestMessage_IsKeptWhereItWasFirst(PromptEndpoint endpoint, string with, string without)
    {
        using var client = new Client(On);
        await client.SendAsync(Body(endpoint, With(with)), endpoint, "d");

        var moved = await client.SendAsync(Body(endpoint, without, With(with)), endpoint, "d");
        var again = await client.SendAsync(Body(endpoint, without, without, With(with, OtherNote)), endpoint, "d");

        AssertEqual(Body(endpoint, With(with), With(with)), moved);
        AssertEqual(Body(endpoint, With(with), With(with), With(with, OtherNote)), again);
        Assert.Equal(3, client.Services.Counted["rule_system_reminder"]);
        var foreign = Body(endpoint, without, With(with));
        Assert.Equal(foreign, await client.SendAsync(foreign, endpoint, "another"));
    }

    [Theory]
    [MemberData(nameof(Messages))]
    public async Task Reminder_ByDefault_IsNotKept(PromptEndpoint endpoint, string with, string without)
    {
        using var client = new Client();
        await client.SendAsync(Body(endpoint, With(with)), endpoint);

        var next = Body(endpoint, without, With(with));
        Assert.Equal(next, await client.SendAsync(next, endpoint));
    }

    /// <summary>The client says something else now: that is no move.</summary>
    [Theory]
    [MemberData(nameof(Messages))]
    public async Task Reminder_ThatIsAnotherOneNow_StaysAsTheClientWroteIt(PromptEndpoint endpoint, string with, string without)
    {
        using var client = new Client(On);
        await client.SendAsync(Body(endpoint, With(with)), endpoint);

        var next = Body(endpoint, With(with, OtherNote), without);
        Assert.Equal(next, await client.SendAsync(next, endpoint));
    }

    /// <summary>Two conversations that begin alike: nothing says which of the two reminders belongs here.</summary>
    [Theory]
    [MemberData(nameof(Messages))]
    public async Task Reminder_OfOneOfTwoConversations_IsNotGuessed(PromptEndpoint endpoint, string with, string without)
    {
        using var client = new Client(On);
        await client.SendAsync(Body(endpoint, With(with)), endpoint);
        await client.SendAsync(Body(endpoint, With(with, OtherNote)), endpoint);

        var next = Body(endpoint, without, With(with));
        Assert.Equal(next, await client.SendAsync(next, endpoint));
    }

    [Fact]
    public async Task Reminders_OfWhichSomeAreLeft_AllComeBack()
    {
        using var client = new Client(On);
        const string First = """{"role":"user","content":[{"type":"text","text":"Hi"},{"type":"text","text":"NOTE"},"""
            + """{"type":"text","text":"OTHER"}]}""";
        var both = First.Replace("OTHER", Escaped(OtherNote), StringComparison.Ordinal);
        await client.SendAsync(Body(PromptEndpoint.Messages, With(both)), PromptEndpoint.Messages);

        var one = With("""{"role":"user","content":[{"type":"text","text":"Hi"},{"type":"text","text":"NOTE"}]}""");
        Assert.Equal(
            Body(PromptEndpoint.Messages, With(both), With("""{"role":"user","content":"And?"}""")),
            await client.SendAsync(Body(PromptEndpoint.Messages, one, """{"role":"user","content":"And?"}"""), PromptEndpoint.Messages));
        Assert.Equal(1, client.Services.Counted["rule_system_reminder"]);
    }

    /// <summary>A message of reminders only is missing later; the messages around it are still known.</summary>
    [Fact]
    public async Task Reminder_ThatWasAMessageOfItsOwn_LeavesTheOthersWhereTheyWere()
    {
        using var client = new Client(On);
        var own = With("""{"role":"user","content":"NOTE"}""");
        var result = With("""{"role":"tool","tool_call_id":"t1","content":"ok\nNOTE"}""");
        await client.SendAsync(Body(PromptEndpoint.Chat, own, result));

        Assert.Equal(
            Body(PromptEndpoint.Chat, result),
            await client.SendAsync(Body(PromptEndpoint.Chat, """{"role":"tool","tool_call_id":"t1","content":"ok"}""")));
    }

    /// <summary>Clients in Go and .NET escape the brackets.</summary>
    [Fact]
    public async Task Reminder_WithEscapedBrackets_IsKept()
    {
        using var client = new Client(On);
        var with = With("""{"role":"tool","content":"ok\nNOTE"}""").Replace("<", "\\u003c", StringComparison.Ordinal);
        await client.SendAsync(Body(PromptEndpoint.Chat, with));

        AssertEqual(
            Body(PromptEndpoint.Chat, with), await client.SendAsync(Body(PromptEndpoint.Chat, """{"role":"tool","content":"ok"}""")));
    }

    /// <summary>A text that shows the tag without closing it, or says it in the middle, is a text like any other.</summary>
    [Theory]
    [InlineData("Results may have <system-reminder> tags.")]
    [InlineData("</system-reminder> comes before <system-reminder>")]
    public async Task Text_ThatNamesTheTag_Stays(string text)
    {
        using var client = new Client(On);
        var body = Body(PromptEndpoint.Chat, $$"""{"role":"user","content":"{{text}}"}""", """{"role":"user","content":"And?"}""");
        await client.SendAsync(body);

        Assert.Equal(body, await client.SendAsync(body));
    }

    private static string With(string message, string note = Note) => message.Replace("NOTE", Escaped(note), StringComparison.Ordinal);

    private static string Escaped(string text) => text.Replace("\n", "\\n", StringComparison.Ordinal);

    private static string Body(PromptEndpoint endpoint, params string[] messages) =>
        $$"""{"{{(endpoint == PromptEndpoint.Responses ? "input" : "messages")}}":[{{string.Join(",", messages)}}]}""";

    /// <summary>A content that is one text, and a list with that text, are the same.</summary>
    private static void AssertEqual(string expected, string actual) =>
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(expected), JsonNode.Parse(actual)), $"expected {expected}\nactual   {actual}");
}
