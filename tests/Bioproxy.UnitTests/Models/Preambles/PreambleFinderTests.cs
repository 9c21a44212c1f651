using System.Text;
using Bioproxy.Abstractions;
using Bioproxy.Host.Configuration;
using Bioproxy.Host.Models.Preambles;
using Bioproxy.Host.Models.Slots;
using Bioproxy.UnitTests.PromptTests;

namespace Bioproxy.UnitTests.Models.Preambles;

public sealed class PreambleFinderTests
{
    private static readonly string Rules = new('r', 4000);

    private static readonly ProxyOptions Options = new() { BaseDirectory = "", StateDirectory = "", PreamblesMax = 3 };

    private readonly PreambleFinder _finder = new(Options, new LearnedRates());

    [Fact]
    public void Observe_TwoConversationsThatBeginAlike_AreAPreamble()
    {
        var found = 0;
        _finder.Found = () => found++;

        See(Rules, "what?");
        Assert.Empty(_finder.All);
        See(Rules, "why?");

        Assert.Equal(Chat(Rules, ""), Encoding.UTF8.GetString(Assert.Single(_finder.All).Cut.With("")));
        Assert.Equal(1, found);
    }

    [Fact]
    public void Observe_AnotherConversation_Counts()
    {
        See(Rules, "what?");
        See(Rules, "why?");

        See(Rules, "when?");

        Assert.Equal(3, Assert.Single(_finder.All).Uses);
    }

    [Fact]
    public void Observe_ConversationGoesOn_IsNoPreamble()
    {
        SeeJson(Chat(Rules, "what?"));

        SeeJson($$"""
            {"messages":[{"role":"system","content":"{{Rules}}"},{"role":"user","content":"what?"},
            {"role":"assistant","content":"so"},{"role":"user","content":"and?"}]}
            """);

        Assert.Empty(_finder.All);
    }

    [Fact]
    public void Observe_SameQuestionAgain_IsNoPreamble()
    {
        See(Rules, "what?");
        See(Rules, "what?");

        Assert.Empty(_finder.All);
    }

    [Fact]
    public void Observe_SameSessionWithAnEditedQuestion_IsNoPreamble()
    {
        SeeJson(Chat(Rules, "what?"), session: "s");
        SeeJson(Chat(Rules, "why?"), session: "s");

        Assert.Empty(_finder.All);
    }

    [Fact]
    public void Observe_OtherDomain_SharesNothing()
    {
        SeeJson(Chat(Rules, "what?"), domain: "a");
        SeeJson(Chat(Rules, "why?"), domain: "b");
        Assert.Empty(_finder.All);

        SeeJson(Chat(Rules, "when?"), domain: "b");
        Assert.Equal("b", Assert.Single(_finder.All).Domain);
    }

    [Fact]
    public void Observe_ShortBeginning_IsNotKept()
    {
        See("be brief", "what?" + Rules);
        See("be brief", "why?" + Rules);

        Assert.Empty(_finder.All);
    }

    [Fact]
    public void Observe_TemplateBehindASystemMessage_IsAPreambleOfItsOwn()
    {
        See(Rules, "what?");
        See(Rules, "why?");
        var template = new string('t', 4000) + "\\n";

        See(Rules, template + "one");
        See(Rules, template + "two");

        Assert.Equal([Chat(Rules, ""), Chat(Rules, template)], _finder.All.OrderBy(one => one.Chain.Length)
            .Select(one => Encoding.UTF8.GetString(one.Cut.With(""))));
    }

    [Fact]
    public void Observe_LittleLongerThanAnother_IsNotWorthItsOwn()
    {
        var rules = Rules + Rules;
        var line = new string('l', 300) + "\\n";
        See(rules, "what?");
        See(rules, "why?");

        See(rules, line + "a");
        See(rules, line + "b");

        Assert.Single(_finder.All);
    }

    [Fact]
    public void Observe_MoreThanMayBeKept_TheLeastUsedGoes()
    {
        foreach (var letter in "abcd")
        {
            var uses = letter == 'b' ? 2 : 3;
            for (var i = 0; i < uses; i++)
                See(new string(letter, 4000), $"{i}");
        }

        Assert.Equal("acd", string.Concat(_finder.All.Select(one => (char)one.Cut.Text[^20]).Order()));
    }

    [Fact]
    public void Observe_SwitchedOff_FindsNothing()
    {
        var finder = new PreambleFinder(Options with { PreamblesEnabled = false }, new LearnedRates());
        foreach (var question in (string[])["what?", "why?"])
        {
            using var prompt = TestPrompts.Chat(Chat(Rules, question));
            finder.Observe(prompt, PromptEndpoint.Chat, () => Encoding.UTF8.GetBytes(Chat(Rules, question)));
        }

        Assert.Empty(finder.All);
    }

    private void See(string system, string question) => SeeJson(Chat(system, question));

    private void SeeJson(string json, string? domain = null, string? session = null)
    {
        using var prompt = TestPrompts.Chat(json, domain, session);
        _finder.Observe(prompt, PromptEndpoint.Chat, () => Encoding.UTF8.GetBytes(json));
    }

    private static string Chat(string system, string question) =>
        $$"""{"messages":[{"role":"system","content":"{{system}}"},{"role":"user","content":"{{question}}"}]}""";
}
