using System.Text.Json.Nodes;
using Bioproxy.Doubles;
using Bioproxy.Host.Configuration;
using Xunit.Abstractions;

namespace Bioproxy.IntegrationTests;

/// <summary>Side requests of chat programs (titles, tags, summaries) do not cost the conversation its slot.</summary>
public sealed class SideRequestTests(ITestOutputHelper output)
{
    private const int LongWords = 2500;
    private const int Titles = 50;

    /// <param name="architecture">The model.</param>
    /// <param name="isBusy">Whether all other slots hold conversations, too.</param>
    /// <param name="withHistory">Whether a title request quotes the beginning of the conversation, as long as a conversation
    /// itself.</param>
    [Theory]
    [InlineData("Llama", false, false)]
    [LongInlineData("Llama", true, false)]
    [LongInlineData("Llama", true, true)]
    [LongInlineData("Mamba", true, true)]
    public async Task LongConversation_FiftyTitleRequestsLater_IsHotOrRestored(string architecture, bool isBusy, bool withHistory)
    {
        await using var workspace = new Workspace(output);
        workspace.UseModel(Enum.Parse<TinyArchitecture>(architecture));
        var server = await workspace.StartServerAsync(
            workspace.ServerOptions(parallel: 4) with { ContextSize = 4 * 4096, CacheRamMiB = 0 });
        await using var proxy = await workspace.StartProxyAsync(server);
        await proxy.WaitUntilRecognisedAsync();
        for (var i = 0; isBusy && i < 3; i++)
            await proxy.AskAsync(("user", TemplateText.Words(seed: 50 + i, length: 700)));

        var question = TemplateText.Words(seed: 1, LongWords);
        var one = await proxy.SendAsync(WithSession(ChatProbe.Chat(("user", question)), withHistory), CancellationToken.None);
        var saves = Saves(proxy);
        for (var i = 0; i < Titles; i++)
            await proxy.SendAsync(WithSession(Title(i, withHistory ? question[..1200] : ""), withHistory), CancellationToken.None);
        Assert.True(Saves(proxy) - saves <= (isBusy ? 4 : 1), "title requests are not saved"); // the conversations themselves may be

        var two = await proxy.AskAsync(("user", question), ("assistant", one.Text), ("user", "And now?"));

        output.WriteLine($"{one}; {two}");
        Assert.True(two.Cache is "hot" or "restored", $"{two}");
        Assert.InRange(two.CachedTokens, one.PromptTokens - 8, two.PromptTokens);
    }

    /// <summary>
    /// As a recorded agent without ids: after each answer it has notes taken about the conversation, by the same messages behind another
    /// system message with fewer tools. They are as long as the conversation, and come when it was saved already.
    /// </summary>
    [Fact]
    public async Task AgentWithoutIds_NotesAfterEachTurn_TheConversationStaysHot()
    {
        await using var workspace = new Workspace(output);
        await using var proxy = await StartEagerAsync(workspace);
        await proxy.AskAsync(("user", TemplateText.Words(seed: 9, length: 800))); // both slots are taken
        var rules = TemplateText.Words(seed: 1, length: 1500);
        var noteRules = TemplateText.Words(seed: 2, length: 900);
        List<(string Role, string Content)> talk =
            [("user", TemplateText.Words(seed: 3, length: 200)), ("assistant", "OK"), ("user", "Who?")];
        for (var turn = 0; turn < 3; turn++)
        {
            var answer = await proxy.SendAsync(Agent(11, rules, talk), CancellationToken.None);
            output.WriteLine($"turn {turn}: {answer}");
            if (turn > 0)
                Assert.True(answer is { Cache: "hot", ComputedTokens: < 200 }, $"{answer}");
            talk.Add(("assistant", "I see."));
            await proxy.WaitUntilAllSavedAsync();
            var notes = await proxy.SendAsync(Agent(4, noteRules, [.. talk, ("user", "Take notes.")]), CancellationToken.None);
            output.WriteLine($"notes {turn}: {notes}");
            Assert.NotEqual(answer.Slot, notes.Slot);
            talk.Add(("user", $"And number {turn}?"));
        }

        await proxy.WaitUntilAllSavedAsync();
        Assert.InRange(proxy.App.Snapshots.All.Count, 3, 5); // notes that repeat earlier ones are on disk, and preambles
    }

    /// <summary>Compaction as opencode does it: the messages of the conversation without its tools, in the same session.</summary>
    [Fact]
    public async Task Compaction_AnotherSlotIsFree_TheConversationKeepsItsSlot()
    {
        await using var workspace = new Workspace(output);
        await using var proxy = await StartEagerAsync(workspace);
        List<(string Role, string Content)> talk = [("user", TemplateText.Words(seed: 3, length: 1500))];
        var first = await proxy.SendAsync(WithSession(Agent(10, "You are an agent.", talk), true), CancellationToken.None);
        talk.AddRange([("assistant", "I see."), ("user", "And now?")]);
        await proxy.WaitUntilAllSavedAsync();

        var summary = await proxy.SendAsync(
            WithSession(Agent(0, "You summarise.", [.. talk, ("user", "Summarise.")]), true), CancellationToken.None);
        var second = await proxy.SendAsync(WithSession(Agent(10, "You are an agent.", talk), true), CancellationToken.None);

        output.WriteLine($"{first}\n{summary}\n{second}");
        Assert.NotEqual(first.Slot, summary.Slot);
        Assert.True(second is { Cache: "hot", ComputedTokens: < 200 } && second.Slot == first.Slot, $"{second}");
        await proxy.WaitUntilAllSavedAsync();
        await Eventually.TrueAsync(
            () => proxy.App.Snapshots.All.All(static snapshot => snapshot.Turns > 1),
            Tolerances.Soon,
            "the first turn's state is replaced");
        Assert.Single(proxy.App.Snapshots.All); // no summary
    }

    /// <summary>Two slots, and every conversation is saved at once.</summary>
    private static async Task<TestProxy> StartEagerAsync(Workspace workspace)
    {
        workspace.UseModel();
        var server = await workspace.StartServerAsync(
            workspace.ServerOptions(parallel: 2) with { ContextSize = 2 * 8192, CacheRamMiB = 0 });
        var proxy = await workspace.StartProxyAsync(server, o => o with { KvIdleSave = TimeSpan.Zero, KvSave = SaveMode.Always });
        await proxy.WaitUntilRecognisedAsync();
        return proxy;
    }

    /// <summary>A chat behind a system message, with as many tools.</summary>
    private static JsonObject Agent(int tools, string system, IEnumerable<(string Role, string Content)> messages)
    {
        var chat = ChatProbe.Chat([("system", system), .. messages]);
        chat["max_tokens"] = 8;
        chat["tools"] = new JsonArray([.. Enumerable.Range(0, tools).Select(i => new JsonObject
        {
            ["type"] = "function",
            ["function"] = new JsonObject { ["name"] = $"tool{i}", ["description"] = "Does something.", ["parameters"] = new JsonObject() },
        })]);
        return chat;
    }

    internal static JsonObject Title(int number, string history)
    {
        var chat = ChatProbe.Chat(("user", $"Write a title, number {number}, for this chat. {history}"));
        chat["max_tokens"] = 4;
        return chat;
    }

    /// <summary>A client that says which requests belong together.</summary>
    private static JsonObject WithSession(JsonObject chat, bool tells)
    {
        chat["max_tokens"] ??= 4;
        if (tells)
            chat["prompt_cache_key"] = "chat-1";
        return chat;
    }

    private static int Saves(TestProxy proxy) =>
        proxy.Log.Lines.Count(line => line.Contains("Saved a conversation", StringComparison.Ordinal));
}
