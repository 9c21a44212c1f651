using Bioproxy.Abstractions;
using Bioproxy.Host.Plugins;
using Bioproxy.Host.Transforms;
using Bioproxy.UnitTests.Plugins;

namespace Bioproxy.UnitTests.Transforms;

public sealed class SlashCommandsTests
{
    [Theory]
    [InlineData("/rag x", "x", "rag")]
    [InlineData("/rag /parallel x", "x", "rag parallel")]
    [InlineData("/parallel /rag x", "x", "parallel rag")]
    [InlineData("/rag /rag x", "x", "rag rag")]
    [InlineData("/rag", "", "rag")]
    [InlineData("/rag  \t\r\n x \n", "x \n", "rag")]
    [InlineData("/rag\n/parallel\nx", "x", "rag parallel")]
    [InlineData("/rag /unknown x", "/unknown x", "rag")]
    [InlineData("/rag / x", "/ x", "rag")]
    [InlineData("/rag x /parallel", "x /parallel", "rag")]
    [InlineData("/unknown x", "/unknown x", "")]
    [InlineData("/unknown /rag x", "/unknown /rag x", "")]
    [InlineData("/rag/unknown x", "/rag/unknown x", "")]
    [InlineData("/rag/parallel x", "/rag/parallel x", "")]
    [InlineData("/Rag x", "/Rag x", "")]
    [InlineData("/ragx", "/ragx", "")]
    [InlineData("/", "/", "")]
    [InlineData(" /rag x", " /rag x", "")]
    [InlineData("rag x", "rag x", "")]
    [InlineData("", "", "")]
    public void Take_Text_LosesItsCommands(string text, string left, string commands)
    {
        var context = Prompts.User(text);

        Assert.Equal(commands.Length > 0, SlashCommands.Take(context, Plugins()));

        Assert.Equal(left, context.Messages[0].Parts[0].Text);
        Assert.Equal(commands.Split(' ', StringSplitOptions.RemoveEmptyEntries), context.Messages[0].Commands);
        Assert.Equal(commands.Length > 0, context.Messages[0].Parts[0].IsEdited);
    }

    [Fact]
    public void Take_SeveralParts_LooksAtTheFirstText()
    {
        var context = Prompts.Of(
            new PromptMessage(
                "user", [new PromptPart("image_url", (string?)null), new PromptPart("text", "/rag x"), new PromptPart("text", "/rag y")]),
            new PromptMessage("user", [new PromptPart("input_text", "/parallel x")]),
            new PromptMessage("user", [new PromptPart("text", "x"), new PromptPart("text", "/rag y")]),
            new PromptMessage("user", []));

        Assert.True(SlashCommands.Take(context, Plugins()));

        Assert.Equal(
            [null, "x", "/rag y", "x", "x", "/rag y"], context.Messages.SelectMany(message => message.Parts).Select(part => part.Text));
        Assert.Equal([["rag"], ["parallel"], [], []], context.Messages.Select(message => message.Commands));
    }

    [Fact]
    public void Take_MessagesOfOthers_StayAsTheyAre()
    {
        string[] roles = ["system", "assistant", "tool", "developer"];
        var context = Prompts.Of([.. roles.Select(role => new PromptMessage(role, [new PromptPart("text", "/rag x")]))]);

        Assert.False(SlashCommands.Take(context, Plugins()));

        Assert.All(context.Messages, message => Assert.False(message.Parts[0].IsEdited || message.Commands.Count > 0));
        Assert.Empty(context.Commands);
    }

    [Fact]
    public void Take_TextThatIsNoUnicode_IsLeftAlone()
    {
        var context = Prompts.Of(new PromptMessage("user", [new PromptPart("text", "\"/rag \\ud800\""u8.ToArray())]));

        Assert.False(SlashCommands.Take(context, Plugins()));

        Assert.Empty(context.Messages[0].Commands);
    }

    [Fact]
    public void Take_NoPluginHasCommands_ReadsNothing()
    {
        var context = Prompts.User("/rag x");

        Assert.False(SlashCommands.Take(context, TestPlugin.Set(new TestPlugin().Transform("always"))));

        Assert.False(context.Messages[0].Parts[0].IsEdited);
    }

    [Fact]
    public void Take_CommandThatIsNotAmongTheAgents_Stays()
    {
        var plugins = TestPlugin.Set(["parallel"], null, RagAndParallel());
        var context = Prompts.User("/parallel /rag x");

        Assert.True(SlashCommands.Take(context, plugins));

        Assert.Equal("/rag x", context.Messages[0].Parts[0].Text);
        Assert.Equal("parallel", Assert.Single(plugins.Commands).Key);
        Assert.Equal(["parallel"], SlashCommands.HandlersOf(context, plugins).Select(part => part.Name));
        Assert.Empty(TestPlugin.Set([], null, RagAndParallel()).Commands);
    }

    [Theory]
    [InlineData("b a", "b always1 always2", "/b x")]
    [InlineData("b a", "a b always1 always2", "/a /b x")]
    [InlineData("b a", "b a always1 always2", "/b /a /b x")]
    [InlineData("b a", "always1 always2", "x")]
    [InlineData("b a", "b always1 always2", "/a x|/b x")]
    [InlineData("b a", "always1 always2", "/a x|x")]
    [InlineData("b a*", "a* always1 always2", "/a x|x")]
    [InlineData("b a*", "b a* always1 always2", "/a x|/b x")]
    [InlineData("b a*", "a* b always1 always2", "/a x|/a /b x")]
    [InlineData("d* c* b a*", "b a* c* d* always1 always2", "/d x|/a /c x|/d y|/b x")]
    public void TransformsOf_Conversation_AreThoseAskedForThenHistoryThenAlways(string parts, string expected, string messages)
    {
        // A star: it runs for history. The parts' orders are all the same, so that names decide among those of the history.
        var plugin = new TestPlugin().Transform("always2", 5).Transform("always1", -5);
        foreach (var part in parts.Split(' '))
            plugin.Transform(part, 0, part.TrimEnd('*'), part.EndsWith('*'));
        var plugins = TestPlugin.Set(plugin);
        var context = Prompts.User(messages.Split('|'));

        SlashCommands.Take(context, plugins);

        Assert.Equal(expected, Chosen(context, plugins));
    }

    [Fact]
    public void TransformsOf_HistoryOfSeveralOrders_GoesByOrder()
    {
        var plugins = TestPlugin.Set(new TestPlugin().Transform("late", 9, "late", true).Transform("early", -9, "early", true));
        var context = Prompts.User("/late x", "/early x", "x");

        SlashCommands.Take(context, plugins);

        Assert.Equal("early late", Chosen(context, plugins));
    }

    [Fact]
    public void Of_CommandOfTwoPlugins_AsksForBoth()
    {
        var plugins = TestPlugin.Set(
            new TestPlugin("b").Transform("a", 2, "both").Response("out", 0, "both").Handler("answer", 0, "both"),
            new TestPlugin("a").Transform("z", 2, "both").Transform("always").Response("always").Handler("always"));
        var context = Prompts.User("/both x");

        SlashCommands.Take(context, plugins);

        Assert.Equal("z a always", Chosen(context, plugins));
        Assert.Equal(["out", "always"], SlashCommands.ResponsesOf(context, plugins).Select(part => part.Name));
        Assert.Equal(["answer", "always"], SlashCommands.HandlersOf(context, plugins).Select(part => part.Name));
    }

    [Fact]
    public void Of_CommandInTheHistoryOnly_LeavesResponsesAndHandlersAlone()
    {
        var plugins = TestPlugin.Set(new TestPlugin().Response("out", 0, "rag").Response("always").Handler("answer", 0, "rag"));
        var context = Prompts.User("/rag x", "y");

        Assert.True(SlashCommands.Take(context, plugins));

        Assert.Equal("x", context.Messages[0].Parts[0].Text);
        Assert.Equal(["always"], SlashCommands.ResponsesOf(context, plugins).Select(part => part.Name));
        Assert.Empty(SlashCommands.HandlersOf(context, plugins));
    }

    private static string Chosen(PromptContext context, PluginSet plugins) =>
        string.Join(' ', SlashCommands.TransformsOf(context, plugins).Select(part => part.Name));

    private static PluginSet Plugins() => TestPlugin.Set(RagAndParallel());

    private static TestPlugin RagAndParallel() => new TestPlugin().Transform("rag", 0, "rag").Handler("parallel", 0, "parallel");
}
