using System.Text;
using Bioproxy.Abstractions;
using Bioproxy.Host.Json;
using Bioproxy.Host.Prompts;

namespace Bioproxy.UnitTests.PromptTests;

public sealed class OtherPartsTests
{
    public static TheoryData<PromptEndpoint, string, string> Bodies => new()
    {
        {
            PromptEndpoint.Chat,
            """{"messages":[{"role":"assistant","tool_calls":[{"id":"c1","function":{"name":"f","arguments":"{\"a\":1}"}},7,"""
            + """{"function":{"arguments":{"b":2}},"id":"c2"},{"id":"c3"}],"reasoning_content":"Hm\n"}]}""",
            """tool_call c1 f [{"a":1}] | tool_call c2 - [{"b":2}] json | reasoning - - [Hm#]"""
        },

        // Of several members with one name the last counts; a name may be escaped.
        {
            PromptEndpoint.Chat,
            """{"messages":[{"tool_calls":[{"id":"x","function":{"arguments":"1"}}],"role":"assistant","tool\u005fcalls" :"""
            + """[{"id":"x","function":{"arguments":"0"},"id":"y","function":{"arguments":"2","arguments":"3"}}]}]}""",
            "tool_call y - [3]"
        },
        { PromptEndpoint.Chat, """{"messages":[{"role":"user","content":"a","tool_calls":null,"reasoning_content":null},7,"x"]}""", "" },
        {
            PromptEndpoint.Messages,
            """{"messages":[{"role":"assistant","content":[{"type":"thinking","thinking":"Hm","signature":"s"},"""
            + """{"type":"tool_use","id":"t1","name":"f","input":{"a": 1}}]},{"role":"user","content":[{"type":"tool_result","""
            + """ "tool_use_id":"t1","content":[{"type":"text","text":"r"},{"type":"image"}]},"""
            + """{"type":"tool_result","tool_use_id":"t2","content":"s"},{"type":"text","text":"more"}]}]}""",
            """reasoning - - [Hm] | tool_call t1 f [{"a": 1}] json | tool_result t1 - [r] | tool_result t2 - [s]"""
        },
        {
            PromptEndpoint.Responses,
            """{"input":[{"type":"reasoning","summary":[{"type":"summary_text","text":"s"}],"content":["""
            + """{"type":"reasoning_text","text":"c"}]},"""
            + """{"type":"function_call","call_id":"c1","name":"f","arguments":"{}"},{"type":"function_call_output","call_id":"c1","""
            + """ "output":"r"},{"type":"function_call_output","call_id":"c2","output":[{"type":"input_text","text":"t"}]},"""
            + """{"type":"custom_tool_call","call_id":"c3","name":"g","input":"free"},"""
            + """{"type":"custom_tool_call_output","call_id":"c3","output":"u"},{"role":"user","content":"hi"}]}""",
            "reasoning - - [s] | reasoning - - [c] | tool_call c1 f [{}] | tool_result c1 - [r] | tool_result c2 - [t] | "
            + "tool_call c3 g [free] | tool_result c3 - [u]"
        },
    };

    [Theory]
    [MemberData(nameof(Bodies))]
    public void OtherParts_OfEveryProtocol_AreFound(PromptEndpoint endpoint, string body, string expected)
    {
        var prompt = Read(body, endpoint);

        Assert.Equal(expected, string.Join(" | ", prompt.Context.Messages.SelectMany(message => message.OtherParts).Select(part =>
            $"{part.Type} {part.CallId ?? "-"} {part.ToolName ?? "-"} [{part.Text!.Replace('\n', '#')}]{(part.IsJson ? " json" : "")}")));
        Assert.Empty(prompt.Splices());
    }

    /// <summary>A plugin that was built for an older contract reads the content only, and it finds there what it always found.</summary>
    [Theory]
    [MemberData(nameof(Bodies))]
    public void Parts_BesideOtherParts_AreAsTheyAlwaysWere(PromptEndpoint endpoint, string body, string expected)
    {
        var before = Read(body, endpoint).Context;
        var after = Read(body, endpoint).Context;
        Assert.Equal(expected.Length > 0, after.Messages.Any(message => message.OtherParts.Count > 0));

        Assert.Equal(Parts(before), Parts(after));
        Assert.DoesNotContain(Parts(after), part => part.Text is not null && part.Type is "tool_use" or "tool_result" or "thinking");

        static List<(string Role, string Type, string? Text)> Parts(PromptContext context) =>
            [.. context.Messages.SelectMany(message => message.Parts.Select(part => (message.Role, part.Type, part.Text)))];
    }

    [Theory]
    [MemberData(nameof(Bodies))]
    public void Splices_OfEditedOtherParts_ReplaceThemAndNothingElse(PromptEndpoint endpoint, string body, string expected)
    {
        var prompt = Read(body, endpoint);
        var parts = prompt.Context.Messages.SelectMany(message => message.OtherParts).ToList();
        foreach (var part in parts)
            part.Text = part.IsJson ? """{"new" : 1}""" : "new \"text\"";

        var spliced = new SplicedBody(prompt.Source.Body, prompt.Splices()).ToArray();
        var again = new EditablePrompt(PromptBody.Read(spliced, endpoint)!, "id", isWarmUp: false);

        Assert.Equal(
            parts.Select(part => (part.Type, part.CallId, part.Text)),
            again.Context.Messages.SelectMany(message => message.OtherParts).Select(part => (part.Type, part.CallId, part.Text)));
        Assert.Equal(expected.Length > 0, spliced.Length != body.Length);
        using var edited = CanonicalPrompt.Build(prompt);
        using var sent = CanonicalPrompt.Build(again);
        Assert.Equal(sent.Text.ToArray(), edited.Text.ToArray());
    }

    [Theory]
    [InlineData("{")]
    [InlineData("{} {}")]
    [InlineData("")]
    public void Text_OfAJsonPart_MustStayJson(string text)
    {
        var prompt = Read(
            """{"messages":[{"role":"assistant","content":[{"type":"tool_use","id":"t1","name":"f","input":{}}]}]}""",
            PromptEndpoint.Messages);
        var part = Assert.Single(prompt.Context.Messages[0].OtherParts);

        Assert.Throws<ArgumentException>(() => part.Text = text);
        Assert.Empty(prompt.Splices());
    }

    [Fact]
    public void Splices_OfARoleAndAddedReasoning_AreWhatTheCanonicalTextHas()
    {
        var prompt = Read(
            """{"messages":[{"content":"a","role":"sys\u0074em"},{ "role":"assistant","content":"b"},{"role":7},"""
            + """{"role":"user","reasoning_content":null}]}""",
            PromptEndpoint.Chat);
        foreach (var message in prompt.Context.Messages)
        {
            message.ReplacedRole = message.Role == "system" ? "user" : null;
            message.AddedReasoning = message.Role == "system" ? null : "r\"";
        }

        prompt.Context.Messages[2].ReplacedRole = "user";

        var spliced = Encoding.UTF8.GetString(new SplicedBody(prompt.Source.Body, prompt.Splices()).ToArray());

        Assert.Equal(
            """{"messages":[{"content":"a","role":"user"},{"reasoning_content":"r\"", "role":"assistant","content":"b"},"""
            + """{"reasoning_content":"r\"","role":7},{"role":"user","reasoning_content":null}]}""",
            spliced);
        using var edited = CanonicalPrompt.Build(prompt);
        using var plain = CanonicalPrompt.Build(Read(Encoding.UTF8.GetString(prompt.Source.Body.Span), PromptEndpoint.Chat));
        Assert.NotEqual(plain.Text.ToArray(), edited.Text.ToArray());
    }

    [Theory]
    [InlineData(
        PromptEndpoint.Chat,
        """{"messages":[{"role":"user","content" : "a\u0062" ,"name":"x"}]}""",
        """{"messages":[{"role":"user","content" : [{"type":"text","text":"a\u0062"},{"type":"text","text":"new \"text\""}] ,"""
        + "\"name\":\"x\"}]}")]
    [InlineData(
        PromptEndpoint.Messages,
        """{"messages":[{"role":"user","content":[ {"text":"a","type":"text"} ]}]}""",
        """{"messages":[{"role":"user","content":[ {"text":"a","type":"text"} ,{"type":"text","text":"new \"text\""}]}]}""")]
    [InlineData(
        PromptEndpoint.Messages,
        """{"messages":[{"role":"user","content":[]}]}""",
        """{"messages":[{"role":"user","content":[{"type":"text","text":"new \"text\""}]}]}""")]
    [InlineData(
        PromptEndpoint.Responses,
        """{"input":[{"role":"user","content":"a"}]}""",
        """{"input":[{"role":"user","content":[{"type":"input_text","text":"a"},{"type":"input_text","text":"new \"text\""}]}]}""")]
    public void AddText_BehindAContent_IsAPartThatOthersCanEdit(PromptEndpoint endpoint, string body, string expected)
    {
        var prompt = Read(body, endpoint);
        prompt.Context.Messages[0].AddText("new");
        prompt.Context.Messages[0].Parts[^1].Text = "new \"text\"";

        var spliced = Encoding.UTF8.GetString(new SplicedBody(prompt.Source.Body, prompt.Splices()).ToArray());

        Assert.Equal(expected, spliced);
        using var edited = CanonicalPrompt.Build(prompt);
        using var sent = CanonicalPrompt.Build(Read(spliced, endpoint));
        Assert.Equal(sent.Text.ToArray(), edited.Text.ToArray());
    }

    [Fact]
    public void AddText_BehindATextThatIsEdited_KeepsBothEdits()
    {
        var prompt = Read("""{"messages":[{"role":"user","content":"a"}]}""", PromptEndpoint.Chat);
        prompt.Context.Messages[0].Parts[0].Text = "b";
        prompt.Context.Messages[0].AddText("c");

        Assert.Equal(
            """{"messages":[{"role":"user","content":[{"type":"text","text":"b"},{"type":"text","text":"c"}]}]}""",
            Encoding.UTF8.GetString(new SplicedBody(prompt.Source.Body, prompt.Splices()).ToArray()));
    }

    [Theory]
    [InlineData(PromptEndpoint.Chat, """{"messages":[{"role":"user","content":null}]}""")]
    [InlineData(PromptEndpoint.Chat, """{"messages":[{"role":"user"}]}""")]
    [InlineData(PromptEndpoint.Chat, """{"messages":["a"]}""")]
    [InlineData(PromptEndpoint.Responses, """{"input":"a"}""")]
    [InlineData(PromptEndpoint.Completion, """{"prompt":"a"}""")]
    public void AddText_WithoutAContentThatTakesIt_IsRefused(PromptEndpoint endpoint, string body)
    {
        var prompt = Read(body, endpoint);

        Assert.False(prompt.Context.Messages[0].CanAddText);
        Assert.Throws<InvalidOperationException>(() => prompt.Context.Messages[0].AddText("new"));
        Assert.Empty(prompt.Splices());
    }

    private static EditablePrompt Read(string body, PromptEndpoint endpoint) =>
        new(PromptBody.Read(Encoding.UTF8.GetBytes(body), endpoint)!, "id", isWarmUp: false);
}
