using System.Text;
using Bioproxy.Abstractions;
using Bioproxy.Host.Prompts;

namespace Bioproxy.UnitTests.PromptTests;

public sealed class CanonicalPromptTests
{
    private const string Hi = """{"messages":[{"role":"user","content":"hi ä"}]}""";

    [Theory]
    [InlineData("""{"messages":[{"role":"user","content":"h\u0069 \u00e4"}]}""")]
    [InlineData("""{ "messages" : [ { "content" : "hi ä" , "role" : "us\u0065r" } ] }""")]
    [InlineData("""{"messages":[{"role":"user","content":[{"type":"text","text":"hi ä"}]}]}""")]
    [InlineData("""{"messages":[{"role":"user","content":[{"text":"hi ä","type":"text","cache_control":{}}]}]}""")]
    [InlineData(
        """{"temperature":1,"stream":true,"max_tokens":5,"seed":1,"messages":[{"role":"user","content":"hi ä"}]"""
        + ""","tools":[],"tool_choice":null}""")]
    public void Build_SameMeaning_IsTheSameText(string json) => Assert.Equal(Text(Hi), Text(json));

    [Theory]
    [InlineData("""{"messages":[{"role":"system","content":"hi ä"}]}""")]
    [InlineData("""{"messages":[{"role":"user","content":"hi"}]}""")]
    [InlineData("""{"messages":[{"role":"user","content":"hi ä","name":"n"}]}""")]
    [InlineData("""{"messages":[{"role":"user","content":[{"type":"text","text":"hi "},{"type":"text","text":"ä"}]}]}""")]
    [InlineData(
        """{"messages":[{"role":"user","content":[{"type":"text","text":"hi ä"},{"type":"image_url","image_url":{"url":"x"}}]}]}""")]
    [InlineData("""{"messages":[{"role":"user","content":"hi ä"}],"tools":[{"type":"function"}]}""")]
    [InlineData("""{"messages":[{"role":"user","content":"hi ä"}],"chat_template_kwargs":{"enable_thinking":false}}""")]
    [InlineData("""{"messages":[{"role":"user","content":"hi ä"}],"lora":[{"id":0,"scale":1}]}""")]
    public void Build_OtherMeaning_IsAnotherText(string json) => Assert.NotEqual(Text(Hi), Text(json));

    [Fact]
    public void Build_ImagesDiffer_IsAnotherText() => Assert.NotEqual(
        Text("""{"messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"a"}}]}]}"""),
        Text("""{"messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"b"}}]}]}"""));

    [Theory]
    [InlineData("""{"prompt":"hi"}""", """{"prompt":[3,4]}""")]
    [InlineData("""{"prompt":[3,4]}""", """{"prompt":[3,5]}""")]
    [InlineData("""{"prompt":"[3,4]"}""", """{"prompt":[3,4]}""")]
    public void Build_CompletionsDiffer_IsAnotherText(string a, string b) =>
        Assert.NotEqual(Text(a, PromptEndpoint.Completion), Text(b, PromptEndpoint.Completion));

    [Fact]
    public void Build_OtherEndpoint_IsAnotherText() => Assert.NotEqual(Text(Hi, PromptEndpoint.Chat), Text(Hi, PromptEndpoint.Messages));

    [Theory]
    [InlineData("""{"system":"be brief","messages":[]}""")]
    [InlineData("""{"messages":[],"system":[{"type":"text","text":"be\u0020brief"}]}""")]
    [InlineData("""{"messages":[],"system":[{"text":"be brief","cache_control":{"type":"ephemeral"},"type":"text"}]}""")]
    public void Build_AnthropicSystem_IsTheFirstMessage(string json) =>
        Assert.Equal(Text("""{"messages":[{"role":"system","content":"be brief"}]}""")[1..], Text(json, PromptEndpoint.Messages)[1..]);

    [Fact]
    public void Build_Instructions_AreTheFirstMessage() => Assert.Equal(
        Text("""{"messages":[{"role":"system","content":"be brief"},{"role":"user","content":"hi"}]}"""),
        Text("""{"input":"hi","instructions":"be brief"}""", PromptEndpoint.Responses));

    [Theory]
    [InlineData("1")]
    [InlineData("""[1,{"type":"image"},"\ud800"]""")]
    public void Build_StrangeSystem_IsToldApart(string system) => Assert.NotEqual(
        Text("""{"messages":[{"role":"user","content":"hi"}]}""", PromptEndpoint.Messages),
        Text($$"""{"messages":[{"role":"user","content":"hi"}],"system":{{system}}}""", PromptEndpoint.Messages));

    [Fact]
    public void SharedWith_ToolsThatDifferAtTheirEnd_ShareNothing()
    {
        using var one = CanonicalPrompt.Build(Editable(WithTools("a")));
        using var other = CanonicalPrompt.Build(Editable(WithTools("b")));

        Assert.True(one.Text.CommonPrefixLength(other.Text) > PromptChain.BlockSize);
        Assert.Equal(0, one.SharedWith(other.Chain));

        static string WithTools(string end) =>
            $$"""{"tools":["{{new string('t', 3000)}}{{end}}"],"messages":[{"role":"user","content":"hi"}]}""";
    }

    [Fact]
    public void Build_LoneSurrogates_AreToldApart()
    {
        Assert.NotEqual(
            Text("""{"messages":[{"role":"user","content":"\ud800"}]}"""),
            Text("""{"messages":[{"role":"user","content":"\ud801"}]}"""));
        Assert.NotEqual(
            Text("""{"messages":[{"role":"user","content":"\ud800"}]}"""),
            Text("""{"messages":[{"role":"user","content":"\ufffd"}]}"""));
    }

    [Fact]
    public void Build_WithEdits_IsAsIfTheyHadBeenSent()
    {
        var prompt = Editable("""{"messages":[{"role":"user","content":"@x hi"}]}""");
        prompt.Context.Messages[0].Parts[0].Text = "hi ä";

        using var canonical = CanonicalPrompt.Build(prompt);

        Assert.Equal(Text(Hi), canonical.Text.ToArray());
    }

    [Fact]
    public void Build_LongEdits_HaveRoom()
    {
        var prompt = Editable(Hi);
        prompt.Context.Messages[0].Parts[0].Text = new string('€', 100_000);

        using var canonical = CanonicalPrompt.Build(prompt);

        Assert.True(canonical.Text.Length > 300_000);
    }

    [Fact]
    public void Build_ManySmallMessages_HaveRoom()
    {
        using var canonical = CanonicalPrompt.Build(Editable($$"""{"messages":[{{string.Join(',', Enumerable.Repeat("{}", 5000))}}]}"""));
        using var strange = CanonicalPrompt.Build(Editable($$"""{"messages":[{{string.Join(',', Enumerable.Repeat("1", 5000))}}]}"""));
        using var parts = CanonicalPrompt.Build(
            Editable($$"""{"messages":[{"content":[{{string.Join(',', Enumerable.Repeat("1", 5000))}}]}]}"""));
        using var others = CanonicalPrompt.Build(
            Editable($$"""{"messages":[{{{string.Join(',', Enumerable.Repeat("\"\":1", 5000))}}}]}"""));

        Assert.All([canonical, strange, parts, others], c => Assert.True(c.Text.Length > 5000));
    }

    [Fact]
    public void Build_NextTurn_BeginsWithTheWholeOfTheLast()
    {
        var random = new Random(31);
        for (var round = 0; round < 300; round++)
        {
            var turns = Enumerable.Range(0, random.Next(1, 6))
                .Select(i => Message(i % 2 == 0 ? "user" : "assistant", new string((char)('a' + i), random.Next(0, 2500)), random))
                .ToList();
            var first = Chat(turns);
            turns.Add(Message("assistant", "answer", random));
            turns.Add(Message("user", "more " + new string('m', random.Next(0, 2500)), random));
            var second = Chat(turns);

            using var before = CanonicalPrompt.Build(Editable(first));
            using var after = CanonicalPrompt.Build(Editable(second));

            Assert.Equal(before.Text.Length, after.SharedWith(before.Chain));
            Assert.True(after.Text.StartsWith(before.Text));
        }
    }

    [Fact]
    public void Build_MessageGrewInTheMiddle_IsNoBeginning()
    {
        using var before = CanonicalPrompt.Build(
            Editable("""{"messages":[{"role":"user","content":"hi"},{"role":"assistant","content":"a"}]}"""));
        using var after = CanonicalPrompt.Build(
            Editable("""{"messages":[{"role":"user","content":"hi there"},{"role":"assistant","content":"a"}]}"""));

        Assert.Equal(0, after.SharedWith(before.Chain));
    }

    [Theory]
    [InlineData(0, true)]
    [InlineData(700, true)]
    [InlineData(2048, true)]
    [InlineData(3000, true)]
    [InlineData(3001, false)]
    public void StartsWith_ATextOfThisLength_AgreesWithItsBytes(int length, bool expected)
    {
        var text = new byte[3000];
        new Random(1).NextBytes(text);
        using var prompt = CanonicalPrompt.Copy(text);
        byte[] held = [.. text, 0];
        Assert.Equal(expected, prompt.StartsWith(PromptChain.Of(held.AsSpan(0, length))));

        held[Math.Max(0, length - 1)] ^= 1;
        Assert.Equal(length == 0, prompt.StartsWith(PromptChain.Of(held.AsSpan(0, length))));
    }

    [Fact]
    public void Shape_Messages_AreCountedByWhoWroteThem()
    {
        using var canonical = CanonicalPrompt.Build(Editable(
            """{"max_tokens":9,"tools":[1],"messages":[{"role":"system","content":"s"},{"role":"user","content":"q"},"""
            + """{"role":"assistant"},{"role":"tool","content":"r"},"""
            + """{"role":"user","content":[{"type":"tool_result"}]},{"role":"user","content":"r"}]}"""));

        Assert.Equal(
            new RequestShape { Messages = 6, UserTurns = 2, HasAnswers = true, Tools = 1, MaxTokens = 9, Bytes = canonical.Text.Length },
            canonical.Shape);
    }

    [Theory]
    [InlineData("""[{"role":"user","content":"### Task:\nMake a title."}]""", true)]
    [InlineData("""[{"role":"system","content":"s"},{"role":"user","content":[{"type":"text","text":"### Task: x"}]}]""", true)]
    [InlineData("""[{"role":"user","content":"q"},{"role":"user","content":"### Task: x"}]""", false)]
    [InlineData("""[{"role":"user","content":"What is a ### Task:?"}]""", false)]
    [InlineData("""[{"role":"user"}]""", false)]
    public void Shape_Task_IsTheOnlyQuestion(string messages, bool isTask)
    {
        using var canonical = CanonicalPrompt.Build(Editable($$"""{"messages":{{messages}}}"""));

        Assert.Equal(isTask, canonical.Shape.IsTask);
    }

    [Fact]
    public void Opening_SystemMessagesAndTools_AreThere()
    {
        const string System = """{"tools":[1],"messages":[{"role":"system","content":"s"},{"role":"developer","content":"d"},"q"]}""";
        ulong[] openings =
        [
            OpeningOf(Hi),
            OpeningOf(System),
            OpeningOf(System.Replace("[1]", "[2]", StringComparison.Ordinal)),
            OpeningOf(System.Replace("\"d\"", "\"e\"", StringComparison.Ordinal)),
        ];

        Assert.Equal(0ul, openings[0]);
        Assert.Distinct(openings);
        Assert.Equal(openings[1], OpeningOf(System.Replace("\"q\"", "\"r\"", StringComparison.Ordinal)));

        static ulong OpeningOf(string json)
        {
            using var canonical = CanonicalPrompt.Build(Editable(json));
            return canonical.Opening;
        }
    }

    [Fact]
    public void Text_AfterDisposal_IsGoneAndTheChainIsNot()
    {
        var canonical = CanonicalPrompt.Build(Editable(Hi));
        var length = canonical.Text.Length;
        canonical.Dispose();
        canonical.Dispose();

        Assert.Throws<ObjectDisposedException>(() => canonical.Text.Length);
        Assert.Equal(length, canonical.Chain.Length);
    }

    private static string Message(string role, string text, Random random) => random.Next(2) == 0
        ? $$"""{"role":"{{role}}","content":"{{text}}"}"""
        : $$"""{"role":"{{role}}","content":[{"type":"text","text":"{{text}}"}]}""";

    private static string Chat(IEnumerable<string> messages) => $$"""{"messages":[{{string.Join(',', messages)}}]}""";

    private static EditablePrompt Editable(string json, PromptEndpoint endpoint = PromptEndpoint.Chat) =>
        new(PromptBody.Read(Encoding.UTF8.GetBytes(json), endpoint)!, "id", isWarmUp: false);

    private static byte[] Text(string json, PromptEndpoint endpoint = PromptEndpoint.Chat)
    {
        using var canonical = CanonicalPrompt.Build(Editable(json, endpoint));
        return canonical.Text.ToArray();
    }
}
