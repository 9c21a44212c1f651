using System.Globalization;
using System.Text.Json.Nodes;
using Bioproxy.Host.Prompts;
using Bioproxy.Host.Requests;
using Bioproxy.UnitTests.PromptTests;

namespace Bioproxy.UnitTests.Requests;

/// <summary>Requests in the order in which recorded agents send them, in short.</summary>
public sealed class ConversationTrackerTests : IDisposable
{
    private const string Agent = "You are an agent with tools. ";
    private const string Titles = "You write titles. ";
    private readonly RecentPrompts _recent = new();
    private readonly ConversationTracker _conversations;
    private CanonicalPrompt? _latest;

    public ConversationTrackerTests() => _conversations = new ConversationTracker(_recent);

    public void Dispose() => _recent.Dispose();

    /// <summary>As opencode: a title request first, whose system message is known from then on.</summary>
    [Fact]
    public void Recognise_ATitleBeforeEachConversation_IsKnownFromTheSecondOn()
    {
        SideKind[] kinds =
        [
            Ask(0, "one", "system:" + Titles, "user:first"),
            Ask(10, "one", "system:" + Agent, "user:first"),
            Ask(10, "one", "system:" + Agent, "user:first", "assistant:done", "user:second"),
            Ask(0, "two", "system:" + Titles, "user:third"),
            Ask(10, "two", "system:" + Agent, "user:third"),
        ];

        Assert.Equal([SideKind.None, SideKind.None, SideKind.None, SideKind.Beside, SideKind.None], kinds);
    }

    /// <summary>As qwen: no ids, and notes about the conversation by an agent with another system message and fewer tools.</summary>
    [Fact]
    public void Recognise_NotesAboutAConversationWithoutIds_AreCompactions()
    {
        SideKind[] kinds =
        [
            Ask(11, null, "system:" + Agent, "user:context", "assistant:ok", "user:q"),
            Ask(4, null, "system:Notes.", "user:context", "assistant:ok", "user:q", "assistant:a", "user:take notes"),
            Ask(4, null, "system:Notes.", "user:context", "assistant:ok", "user:q", "assistant:a", "user:take notes", "assistant:read",
                "tool:file"),
            Ask(11, null, "system:" + Agent, "user:context", "assistant:ok", "user:q", "assistant:a", "user:r"),
            Ask(11, null, "system:" + Agent, "user:context", "assistant:ok", "user:another session"),
        ];

        Assert.Equal([SideKind.None, SideKind.Compaction, SideKind.Compaction, SideKind.None, SideKind.None], kinds);
    }

    /// <summary>Notes that are taken after every turn repeat the earlier ones: from the second on they are kept, in other sessions
    /// from the first on. Titles are not.</summary>
    [Fact]
    public void Recognise_NotesAfterEveryTurn_AreRepeated()
    {
        var context = "user:" + new string('c', 4000);
        string[] turn = ["system:" + Agent, context, "assistant:ok", "user:q"];
        Ask(11, null, turn);
        Notes(context, "q");
        Assert.False(_latest!.IsRepeated);

        Ask(11, null, [.. turn, "assistant:a", "user:r"]);
        Notes(context, "q", "r");
        Assert.True(_latest!.IsRepeated);

        Ask(11, null, ["system:" + Agent, context, "assistant:ok", "user:another session"]);
        Assert.False(_latest!.IsRepeated);
        Notes(context, "another session");
        Assert.True(_latest!.IsRepeated);

        void Notes(string context, params string[] questions) => Assert.Equal(
            SideKind.Compaction,
            Ask(4, null, ["system:Notes.", context, "assistant:ok", .. questions.SelectMany(q => (string[])["user:" + q, "assistant:a"]),
                "user:take notes"]));
    }

    [Fact]
    public void Recognise_TheSameMessagesOfAnotherKey_AreAConversation()
    {
        Ask(11, null, "system:" + Agent, "user:context", "assistant:ok", "user:q");

        using var other = TestPrompts.Chat(Body(0, "system:Summary.", "user:context", "assistant:ok", "user:q"), "ada");

        Assert.Equal(SideKind.None, _conversations.Recognise(other, isSubAgent: false));
    }

    [Fact]
    public void Recognise_ToolsSwitchedOnInAChat_NothingIsBesideIt()
    {
        SideKind[] kinds =
        [
            Ask(0, "one", "system:Be brief.", "user:q"),
            Ask(3, "one", "system:Be brief.", "user:q", "assistant:a", "user:r"),
            Ask(0, "two", "system:Be brief.", "user:s"),
        ];

        Assert.All(kinds, kind => Assert.Equal(SideKind.None, kind));
    }

    [Fact]
    public void Recognise_RecordedAgents_TheirSideRequestsAndNoTurnOfAConversation()
    {
        foreach (var one in RecordedRequest.All())
        {
            var kind = Ask(one.Tools, one.Session == "-" ? null : one.Session, one.Limit, one.Messages);

            Assert.True(kind == one.Expected, $"{kind} instead of {one.Expected}: {one.Line}");
        }
    }

    /// <summary>Some programs send one key with all their conversations.</summary>
    [Fact]
    public void Recognise_OneCacheKeyForAllConversations_FromTheSecondQuestionOnTheyAreConversations()
    {
        SideKind[] kinds =
        [
            Ask(5, "one", "system:" + Agent, "user:first"),
            AskShared(0, "system:Answer.", "user:q", "assistant:a", "user:r"),
            AskShared(0, "system:Answer.", "user:q", "assistant:a", "user:r", "assistant:b", "user:s"),
        ];

        Assert.All(kinds, kind => Assert.Equal(SideKind.None, kind));
    }

    /// <summary>As Open WebUI, without ids.</summary>
    [Fact]
    public void Recognise_OpenWebUiTask_IsATask() =>
        Assert.Equal(SideKind.Task, Ask(0, null, "user:### Task:\nGenerate a concise, 3-5 word title"));

    private SideKind Ask(int tools, string? session, params string[] messages) => Ask(tools, session, "-", messages);

    private SideKind Ask(int tools, string? session, string limit, string[] messages) =>
        Keep(TestPrompts.Chat(Body(tools, messages, limit), session: session));

    private SideKind AskShared(int tools, params string[] messages)
    {
        var prompt = TestPrompts.Chat(Body(tools, messages), session: "one");
        prompt.IsSessionShared = true;
        return Keep(prompt);
    }

    private SideKind Keep(CanonicalPrompt prompt)
    {
        _latest = prompt;
        prompt.Side = _conversations.Recognise(prompt, isSubAgent: false);
        _recent.Keep(prompt);
        return prompt.Side;
    }

    private static string Body(int tools, params string[] messages) => Body(tools, messages, "-");

    private static string Body(int tools, string[] messages, string limit) => new JsonObject
    {
        ["max_tokens"] = limit == "-" ? null : int.Parse(limit, CultureInfo.InvariantCulture),
        ["tools"] = new JsonArray([.. Enumerable.Range(0, tools).Select(i => new JsonObject { ["name"] = $"tool{i}" })]),
        ["messages"] = new JsonArray([.. messages.Select(m => m.Split(':', 2)).Select(m => new JsonObject
        {
            ["role"] = m[0],
            ["content"] = m[1],
        })]),
    }.ToJsonString();
}
