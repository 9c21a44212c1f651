using System.Text;
using Bioproxy.Abstractions;
using Bioproxy.Host.Prompts;

namespace Bioproxy.UnitTests.PromptTests;

public sealed class PromptCutTests
{
    private static readonly string Rules = string.Concat(Enumerable.Range(0, 40).Select(line => $"Rule {line} is to be kept.\\n"));

    [Fact]
    public void At_OnlyTheQuestionsDiffer_CutsBeforeTheQuestion()
    {
        var cut = Cut(Chat(Rules, "what now?"), Chat(Rules, "why?"))!;

        Assert.Equal("", cut.Kept);
        Assert.Equal(Chat(Rules, "x"), Encoding.UTF8.GetString(cut.With("x")));
    }

    [Fact]
    public void At_QuestionsBeginWithOneTemplate_CutsBehindItsLastLine()
    {
        var cut = Cut(Chat("be brief", Rules + "Question: what?"), Chat("be brief", Rules + "Question: why?"))!;

        Assert.Equal(Chat("be brief", Rules), Encoding.UTF8.GetString(cut.With("")));
    }

    [Fact]
    public void At_DateInTheSystemText_CutsBeforeItsLine()
    {
        var cut = Cut(Chat(Rules + "It is Monday.\\n" + Rules, "hi"), Chat(Rules + "It is Sunday.\\n" + Rules, "hi"))!;

        Assert.Equal(Chat(Rules + "!", "hi"), Encoding.UTF8.GetString(cut.With("!")));
    }

    [Fact]
    public void At_ShortTextInCommon_MayBeChance() =>
        Assert.Equal("", Cut(Chat(Rules, "how do I sort?"), Chat(Rules, "how do I add?"))!.Kept);

    [Fact]
    public void At_AnotherRoleFollows_KeepsTheTextBeforeIt() => Assert.Equal(
        "be", Cut(Chat("be", "hi"), """{"messages":[{"role":"system","content":"be"},{"role":"tool","content":"x"}]}""")!.Kept);

    [Theory]
    [InlineData("""{"messages":[{"role":"assistant","content":"a"}]}""", """{"messages":[{"role":"assistant","content":"b"}]}""")]
    [InlineData("""{"messages":[{"role":"tool","content":"a"}]}""", """{"messages":[{"role":"tool","content":"b"}]}""")]
    [InlineData("""{"messages":[{"role":"user","content":"a"}]}""", """{"messages":[{"role":"system","content":"a"}]}""")]
    [InlineData("""{"messages":[{"role":"user","content":[{"type":"image_url","url":"a"}]}]}""",
        """{"messages":[{"role":"user","content":[{"type":"image_url","url":"b"}]}]}""")]
    [InlineData("""{"tools":["a"],"messages":[{"role":"user","content":"a"}]}""", """{"tools":["b"],"messages":[]}""")]
    public void At_NotInATextOfAPerson_IsNone(string one, string other) => Assert.Null(Cut(one, other));

    [Theory]
    [InlineData("""{"system":"RULES","messages":[{"role":"user","content":[{"type":"text","text":"one"}]}]}""", PromptEndpoint.Messages)]
    [InlineData(
        """{"messages":[{"content":"one","role":"user"}],"system":[{"type":"text","text":"hello"},{"type":"text","text":"RULES"}]}""",
        PromptEndpoint.Messages)]
    [InlineData("""{"instructions":"RULES","input":"one"}""", PromptEndpoint.Responses)]
    [InlineData(
        """{"input":[{"role":"developer","content":[{"type":"input_text","text":"RULES"}]},{"role":"user","content":"one"}]}""",
        PromptEndpoint.Responses)]
    public void At_EveryProtocol_CutsAtTheQuestion(string json, PromptEndpoint endpoint)
    {
        json = json.Replace("RULES", Rules, StringComparison.Ordinal);
        var other = json.Replace("one", "two", StringComparison.Ordinal);

        var cut = Cut(json, other, endpoint)!;

        Assert.Equal(other, Encoding.UTF8.GetString(cut.With("two")));
    }

    [Theory]
    [InlineData("""{"system":"RULES one","messages":[]}""", PromptEndpoint.Messages)]
    [InlineData(
        """{"system":[{"type":"text","text":"a"},{"cache_control":{},"type":"text","text":"RULES one"}]}""", PromptEndpoint.Messages)]
    [InlineData("""{"input":"x","instructions":"RULES one"}""", PromptEndpoint.Responses)]
    public void At_SystemTextsDiffer_CutsInTheSystemMember(string json, PromptEndpoint endpoint)
    {
        json = json.Replace("RULES", Rules, StringComparison.Ordinal);

        var cut = Cut(json, json.Replace("one", "two", StringComparison.Ordinal), endpoint)!;

        Assert.Equal(json, Encoding.UTF8.GetString(cut.With(" one")));
    }

    [Fact]
    public void With_AnyRest_BeginsWithTheTextUpToTheCut()
    {
        var random = new Random(5);
        for (var round = 0; round < 200; round++)
        {
            var (system, question) = (Words(random), Words(random));
            var other = random.Next(2) == 0
                ? Chat(system, Words(random))
                : Chat(system[..random.Next(system.Length)].TrimEnd('\\') + "other", question);
            if (Cut(Chat(system, question), other) is not { } cut)
                continue;

            using var rest = Canonical(Encoding.UTF8.GetString(cut.With(Words(random))), PromptEndpoint.Chat);

            Assert.True(rest.Text.StartsWith(cut.Text));
        }
    }

    private static string Words(Random random) => string.Concat(Enumerable.Range(0, random.Next(1, 120)).Select(
        _ => random.Next(9) switch { 0 => "\\n", 1 => "ä ", 2 => "€", _ => "word " }));

    private static string Chat(string system, string question) =>
        $$"""{"messages":[{"role":"system","content":"{{system}}"},{"role":"user","content":"{{question}}"}]}""";

    private static PromptCut? Cut(string json, string other, PromptEndpoint endpoint = PromptEndpoint.Chat)
    {
        using var prompt = Canonical(json, endpoint);
        using var before = Canonical(other, endpoint);
        return PromptCut.At(prompt, prompt.Text.CommonPrefixLength(before.Text), Encoding.UTF8.GetBytes(json), endpoint);
    }

    private static CanonicalPrompt Canonical(string json, PromptEndpoint endpoint) =>
        CanonicalPrompt.Build(new EditablePrompt(PromptBody.Read(Encoding.UTF8.GetBytes(json), endpoint)!, "id", isWarmUp: false));
}
