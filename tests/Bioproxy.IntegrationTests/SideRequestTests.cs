using System.Text.Json.Nodes;
using Bioproxy.Doubles;
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
    [InlineData("Mamba", true, true)]
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

    private static JsonObject Title(int number, string history)
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
