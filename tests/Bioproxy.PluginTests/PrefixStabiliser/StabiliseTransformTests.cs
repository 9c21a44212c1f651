using Bioproxy.Abstractions;
using Bioproxy.PrefixStabiliser;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Bioproxy.PluginTests.PrefixStabiliser;

public sealed class StabiliseTransformTests
{
    private const string All =
        """{"use":["billing_header","nonce","current_date","current_time","turns_left","token_usage"],"sort_tools":true}""";
    private const string Billing = "x-anthropic-billing-header: cc_version=2.1.1; cch=abc12;";
    private const string Date = "Today's date is 2026-01-31.";

    /// <summary>Endpoint, body, and the body that is sent on.</summary>
    public static TheoryData<PromptEndpoint, string, string> Bodies => new()
    {
        // Chat: system and developer messages, strings and parts.
        {
            PromptEndpoint.Chat,
            $$$"""{"messages":[{"role":"system","content":"Be kind.\n{{{Date}}}\nBe brief."},{"role":"user","content":"Hello"}]}""",
            $$$"""{"messages":[{"role":"system","content":"Be kind.\nBe brief."},"""
            + $$$"""{"role":"user","content":"Hello\n\n<current_context>\n{{{Date}}}\n</current_context>"}]}"""
        },
        {
            PromptEndpoint.Chat,
            $$$"""{"messages":[{"role":"developer","content":[{"type":"text","text":"{{{Date}}}"},{"type":"text","text":"Rules"}]},"""
            + $$$"""{"role":"system","content":"nonce: 123"},{"role":"user","content":[{"type":"text","text":"What is"},"""
            + $$$"""{"type":"text","text":"this?"},{"type":"image_url","image_url":{"url":"data:"}}]}]}""",
            $$$"""{"messages":[{"role":"developer","content":[{"type":"text","text":""},{"type":"text","text":"Rules"}]},"""
            + $$$"""{"role":"system","content":""},{"role":"user","content":[{"type":"text","text":"What is"},"""
            + $$$"""{"type":"text","text":"this?\n\n<current_context>\n{{{Date}}}\n</current_context>"},"""
            + $$$"""{"type":"image_url","image_url":{"url":"data:"}}]}]}"""
        },

        // Only the head: later messages stay, and what is moved stands in the last user message that has a text.
        {
            PromptEndpoint.Chat,
            $$$"""{"messages":[{"role":"system","content":"{{{Date}}}\nYou have 37 turns left"},{"role":"user","content":"First"},"""
            + $$$"""{"role":"system","content":"{{{Date}}}"},{"role":"user","content":"Second, {{{Date}}}"},"""
            + $$$"""{"role":"user","content":[{"type":"image_url"}]},{"role":"tool","content":"{{{Date}}}"}]}""",
            $$$"""{"messages":[{"role":"system","content":""},{"role":"user","content":"First"},"""
            + $$$"""{"role":"system","content":"{{{Date}}}"},{"role":"user","content":"Second, {{{Date}}}\n\n"""
            + $$$"""<current_context>\n{{{Date}}}\nYou have 37 turns left\n</current_context>"},"""
            + $$$"""{"role":"user","content":[{"type":"image_url"}]},{"role":"tool","content":"{{{Date}}}"}]}"""
        },

        // The first user message, which may be the last one too.
        {
            PromptEndpoint.Chat,
            $$$"""{"messages":[{"role":"user","content":"<env>\n{{{Date}}}\n</env>\nHello"}]}""",
            $$$"""{"messages":[{"role":"user","content":"<env>\n</env>\nHello\n\n<current_context>\n{{{Date}}}\n</current_context>"}]}"""
        },
        {
            PromptEndpoint.Chat,
            $$$"""{"messages":[{"role":"user","content":"{{{Date}}}"}]}""",
            $$$"""{"messages":[{"role":"user","content":"<current_context>\n{{{Date}}}\n</current_context>"}]}"""
        },
        {
            PromptEndpoint.Chat,
            $$$"""{"messages":[{"role":"user","content":"{{{Date}}}\nHello"},{"role":"assistant","content":"Hi"},"""
            + $$$"""{"role":"user","content":"And?"}]}""",
            $$$"""{"messages":[{"role":"user","content":"Hello"},{"role":"assistant","content":"Hi"},"""
            + $$$"""{"role":"user","content":"And?\n\n<current_context>\n{{{Date}}}\n</current_context>"}]}"""
        },

        // Nowhere to move to: only what is removed goes.
        {
            PromptEndpoint.Chat,
            $$$"""{"messages":[{"role":"system","content":"nonce: 123\n{{{Date}}}"},{"role":"user","content":[{"type":"image_url"}]}]}""",
            $$$"""{"messages":[{"role":"system","content":"{{{Date}}}"},{"role":"user","content":[{"type":"image_url"}]}]}"""
        },

        // Messages: system as a string, and as blocks whose cache_control stays.
        {
            PromptEndpoint.Messages,
            $$$"""{"system":"{{{Billing}}}\nYou are an agent.\n{{{Date}}}","messages":[{"role":"user","content":"Hello"}]}""",
            $$$"""{"system":"You are an agent.","messages":"""
            + $$$"""[{"role":"user","content":"Hello\n\n<current_context>\n{{{Date}}}\n</current_context>"}]}"""
        },
        {
            PromptEndpoint.Messages,
            $$$"""{"system":[{"type":"text","text":"{{{Billing}}}"},"""
            + $$$"""{"type":"text","text":"You are an agent.\n{{{Date}}}\n","cache_control":{"type":"ephemeral","ttl":"1h"}}]"""
            + $$$""","tools":[{"name":"b"},{"name":"a","cache_control":{"type":"ephemeral"}}]"""
            + $$$""","messages":[{"role":"user","content":[{"type":"tool_result","content":"{{{Date}}}"},"""
            + $$$"""{"type":"text","text":"Go on","cache_control":{"type":"ephemeral"}}]}]}""",
            $$$"""{"system":[{"type":"text","text":""},"""
            + $$$"""{"type":"text","text":"You are an agent.\n","cache_control":{"type":"ephemeral","ttl":"1h"}}]"""
            + $$$""","tools":[{"name":"a","cache_control":{"type":"ephemeral"}},{"name":"b"}]"""
            + $$$""","messages":[{"role":"user","content":[{"type":"tool_result","content":"{{{Date}}}"},"""
            + $$$"""{"type":"text","text":"Go on\n\n<current_context>\n{{{Date}}}\n</current_context>","cache_control":"""
            + $$$"""{"type":"ephemeral"}}]}]}"""
        },

        // Responses: instructions; input as a list and as a string.
        {
            PromptEndpoint.Responses,
            $$$"""{"instructions":"Be kind.\nCurrent time: 10:15:31","input":[{"role":"developer","content":"""
            + $$$"""[{"type":"input_text","text":"Token usage: 5/10"}]},"""
            + $$$"""{"role":"user","content":[{"type":"input_text","text":"Hello"}]}]"""
            + $$$""","tools":[{"type":"function","name":"z"},{"type":"custom"}]}""",
            """{"instructions":"Be kind.","input":[{"role":"developer","content":[{"type":"input_text","text":""}]},"""
            + """{"role":"user","content":[{"type":"input_text","text":"Hello\n\n"""
            + """<current_context>\nCurrent time: 10:15:31\nToken usage: 5/10\n</current_context>"}]}]"""
            + ""","tools":[{"type":"custom"},{"type":"function","name":"z"}]}"""
        },
        {
            PromptEndpoint.Responses,
            $$$"""{"instructions":"{{{Date}}}\n{{{Date}}}","input":"Hello"}""",
            $$$"""{"instructions":"","input":"Hello\n\n<current_context>\n{{{Date}}}\n</current_context>"}"""
        },
    };

    public static TheoryData<PromptEndpoint, string> Untouched => new()
    {
        {
            PromptEndpoint.Chat,
            """{"messages":[{"role":"system","content":"Be kind."},{"role":"user","content":"Hello"}]"""
            + ""","tools":[{"function":{"name":"a"}},{"function":{"name":"b"}}]}"""
        },
        {
            PromptEndpoint.Chat,
            $$$"""{"system":"{{{Date}}}","instructions":"{{{Date}}}","messages":[{"role":"user","content":"Hello"},"""
            + $$$"""{"role":"assistant","content":"{{{Date}}}"},{"role":"system","content":"{{{Date}}}"}]}"""
        },
        { PromptEndpoint.Chat, $$$"""{"messages":[{"role":"system","content":"{{{Date}}}"}]}""" },
        { PromptEndpoint.Chat, """{"messages":[]}""" },
        { PromptEndpoint.Messages, """{"system":7,"tools":null,"messages":[{"role":"user","content":"Hello"}]}""" },
        {
            PromptEndpoint.Messages,
            $$$"""{"system":[{"type":"text","note":"{{{Date}}}","cache_control":{"text":"{{{Date}}}"}},"{{{Date}}}","""
            + $$$"""{"type":"text","text":"\ud83d {{{Date}}}"}],"messages":[{"role":"user","content":"Hello"}]}"""
        },
        { PromptEndpoint.Responses, """{"instructions":null,"input":"Hello"}""" },
        { PromptEndpoint.Completion, $$$"""{"prompt":"{{{Date}}}","system":"{{{Date}}}","tools":[{"name":"b"},{"name":"a"}]}""" },
    };

    [Theory]
    [MemberData(nameof(Bodies))]
    public async Task Transforming_VolatileLines_TakesThemOutOfTheHead(PromptEndpoint endpoint, string body, string expected)
    {
        using var services = Services(All);
        var prompt = BodyPrompt.Of(endpoint, body);
        await Transform(services, prompt);
        Assert.Equal(expected, Readable(BodyPrompt.Sent(prompt)));
    }

    [Theory]
    [MemberData(nameof(Bodies))]
    public async Task Transforming_ItsOwnOutput_ChangesNothing(PromptEndpoint endpoint, string body, string expected)
    {
        using var services = Services(All);
        var prompt = BodyPrompt.Of(endpoint, expected);
        await Transform(services, prompt);
        Assert.False(BodyPrompt.IsEdited(prompt), body);
        Assert.Empty(services.Counted);
    }

    [Theory]
    [MemberData(nameof(Untouched))]
    public async Task Transforming_NothingToDo_AssignsNothing(PromptEndpoint endpoint, string body)
    {
        var log = new LogLines();
        using var services = Services(All, log);
        var prompt = BodyPrompt.Of(endpoint, body);
        await Transform(services, prompt);
        Assert.All(prompt.Messages.SelectMany(message => message.Parts), part => Assert.False(part.IsEdited));
        Assert.Empty(prompt.ReplacedMembers);
        Assert.Empty(services.Counted);
        Assert.Empty(log.Lines);
    }

    [Theory]
    [MemberData(nameof(Bodies))]
    public async Task Transforming_NoRules_AssignsNothing(PromptEndpoint endpoint, string body, string expected)
    {
        using var services = Services("""{"attribution":false}""");
        var prompt = BodyPrompt.Of(endpoint, body);
        await Transform(services, prompt);
        Assert.False(BodyPrompt.IsEdited(prompt), expected);
    }

    [Fact]
    public async Task Transforming_AMember_KeepsAllOtherBytes()
    {
        using var services = Services(All);
        var prompt = BodyPrompt.Of(PromptEndpoint.Messages,
            $$$"""{"system": [ { "text" : "\u0041\n{{{Date}}}\n\u00e9", "type":"text", "n": 1.0 }, {"text":"\u0042"} ]"""
            + $$$""","messages":[{"role":"user","content":"Hello"}]}""");
        await Transform(services, prompt);
        Assert.Equal("""[ { "text" : "A\né", "type":"text", "n": 1.0 }, {"text":"\u0042"} ]""", BodyPrompt.MemberOf(prompt, "system"));
    }

    [Fact]
    public async Task Transforming_TheNextTurn_ChangesOldTurnsOnlyByTheBlock()
    {
        using var services = Services(All);
        var first = BodyPrompt.Of(PromptEndpoint.Chat,
            """{"messages":[{"role":"system","content":"Rules\nCurrent time: 10:00"},{"role":"user","content":"One"}]}""");
        var second = BodyPrompt.Of(PromptEndpoint.Chat,
            """{"messages":[{"role":"system","content":"Rules\nCurrent time: 10:05"},{"role":"user","content":"One"},"""
            + """{"role":"assistant","content":"1"},{"role":"user","content":"Two"}]}""");
        await Transform(services, first);
        await Transform(services, second);
        Assert.Equal(first.Messages[0].Parts[0].Text, second.Messages[0].Parts[0].Text);
        Assert.StartsWith(second.Messages[1].Parts[0].Text!, first.Messages[1].Parts[0].Text, StringComparison.Ordinal);
        Assert.Equal("One", second.Messages[1].Parts[0].Text);
        Assert.Contains("10:05", second.Messages[3].Parts[0].Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"rules":[{"name":"own","match":"date is","action":"remove"}],"use":["current_date"]}""", "Rules",
        "Hello")] // own rules come first
    [InlineData("""{"rules":[{"name":"own","match":"date is","action":"move","where":["first_user"]}]}""", $"{Date}\\nRules", "Hello")]
    [InlineData("""{"rules":[{"name":"own","match":" date is [0-9-]+","applies_to":"text","action":"move"}]}""", "Today's.\\nRules",
        "Hello\\n\\n<current_context>\\ndate is 2026-01-31\\n</current_context>")]
    [InlineData("""{"rules":[{"name":"own","match":"\\A[\\s\\S]*Ru","applies_to":"text","action":"remove"}]}""", "les", "Hello")]
    public async Task Transforming_OwnRules_FollowsThem(string settings, string system, string user)
    {
        using var services = Services(settings);
        var prompt = BodyPrompt.Of(PromptEndpoint.Chat,
            $$$"""{"messages":[{"role":"system","content":"{{{Date}}}\nRules"},{"role":"user","content":"Hello"}]}""");
        await Transform(services, prompt);
        Assert.Equal($$$"""{"messages":[{"role":"system","content":"{{{system}}}"},{"role":"user","content":"{{{user}}}"}]}""",
            Readable(BodyPrompt.Sent(prompt)));
    }

    [Fact]
    public async Task Transforming_ACutThatMakesANewMatch_TakesThatToo()
    {
        using var services = Services("""{"rules":[{"name":"own","match":"<x>","applies_to":"text","action":"remove"}]}""");
        var prompt = BodyPrompt.Of(PromptEndpoint.Chat, """{"messages":[{"role":"system","content":"a<x<x<x>>>b"}]}""");
        await Transform(services, prompt);
        Assert.Equal("ab", prompt.Messages[0].Parts[0].Text);
        Assert.Equal(3, services.Counted["lines_removed"]);
    }

    [Fact]
    public async Task Transforming_TextBesideABlock_PutsNewLinesIntoIt()
    {
        using var services = Services(All);
        var prompt = BodyPrompt.Of(PromptEndpoint.Chat,
            $$$"""{"messages":[{"role":"system","content":"Current time: 10:00"},{"role":"user","content":"{{{Date}}}\nHi\n\n"""
            + $$$"""<current_context>\nCurrent time: 09:00\n</current_context>"}]}""");
        await Transform(services, prompt);
        Assert.Equal($"Hi\n\n<current_context>\nCurrent time: 09:00\nCurrent time: 10:00\n{Date}\n</current_context>",
            prompt.Messages[1].Parts[0].Text);
    }

    [Fact]
    public async Task Transforming_Anything_ReportsRulesAndCountsAndNoText()
    {
        var log = new LogLines();
        using var services = Services(
            """{"attribution":false,"use":["billing_header","current_date","current_time"],"sort_tools":true}""", log);
        var body = $$$"""{"system":"{{{Billing}}}\n{{{Date}}}\n{{{Date}}}","tools":[{"name":"b"},{"name":"a"}]"""
            + $$$""","messages":[{"role":"user","content":"Hello"}]}""";
        await Transform(services, BodyPrompt.Of(PromptEndpoint.Messages, body));
        Assert.Equal((LogLevel.Debug, "Request r1: sort_tools 1, billing_header 1, current_date 2"),
            Assert.Single(log.Lines));
        Assert.Equal((1, 2, 1), (services.Counted["lines_removed"], services.Counted["lines_moved"],
            services.Counted["tool_lists_sorted"]));

        await Transform(services, BodyPrompt.Of(PromptEndpoint.Messages, body, isWarmUp: true)); // a rehearsal is not a client's request
        Assert.Equal((1, 2, 1), (services.Counted["lines_removed"], services.Counted["lines_moved"],
            services.Counted["tool_lists_sorted"]));
    }

    [Fact]
    public async Task Transforming_CancelledRequest_Stops()
    {
        using var services = Services(All);
        var prompt = BodyPrompt.Of(PromptEndpoint.Chat, """{"messages":[{"role":"system","content":"Rules"}]}""");
        await Assert.ThrowsAsync<OperationCanceledException>(async () =>
            await new StabiliseTransform(services, new AnswerMemory()).TransformAsync(prompt, new CancellationToken(true)));
    }

    /// <summary>JsonNode escapes more than these bodies do.</summary>
    private static string Readable(string json) => json
        .Replace("\\u0027", "'", StringComparison.Ordinal)
        .Replace("\\u003C", "<", StringComparison.Ordinal)
        .Replace("\\u003E", ">", StringComparison.Ordinal);

    private static FakeServices Services(string json, ILogger? logger = null) =>
        new() { PluginName = "Bioproxy.PrefixStabiliser", Json = json, Logger = logger ?? NullLogger.Instance };

    private static Task Transform(FakeServices services, PromptContext prompt) =>
        new StabiliseTransform(services, new AnswerMemory()).TransformAsync(prompt, CancellationToken.None).AsTask();
}
