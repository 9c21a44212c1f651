using System.Text.Json.Nodes;
using Bioproxy.Doubles;
using Xunit.Abstractions;

namespace Bioproxy.IntegrationTests;

/// <summary>
/// The second turn of a templated conversation: its prompt begins with the first turn's, none of which is computed again.
/// </summary>
public sealed class ConversationTests(ITestOutputHelper output)
{
    private const int TemplateTokens = 2 * 512;
    private const int Short = 30;
    private const int Long = 2000;
    private const string Second = "And in place?";

    /// <param name="architecture">Recurrent and sliding-window models can only continue a state, never go back in it.</param>
    /// <param name="parallel">The number of slots. Without -np the cache is unified: the server empties an idle slot into its RAM cache
    /// when another starts, and brings it back itself, if it kept it. The proxy then claims no more than it knows, but the reuse must be
    /// the same.</param>
    /// <param name="isInterrupted">Whether another client asks something between the turns.</param>
    /// <param name="words">Length of the first question. When the conversation is hardly longer than its template, and only the RAM cache
    /// may still have it, the template's snapshot is preferred: it is certain.</param>
    [Theory]
    [InlineData("Llama", 1, false, Short)]
    [InlineData("Llama", 2, true, Short)]
    [LongInlineData("Llama", null, false, Short)]
    [LongInlineData("Llama", null, true, Short)]
    [InlineData("Llama", null, true, Long)]
    [InlineData("Gemma3", 2, true, Short)]
    [LongInlineData("Gemma3", null, true, Long)]
    [LongInlineData("Mamba", 2, true, Short)]
    [InlineData("Mamba", null, true, Long)]
    public async Task SecondTurn_OfATemplatedConversation_ReusesTheWholeFirstOne(
        string architecture, int? parallel, bool isInterrupted, int words)
    {
        await using var workspace = new Workspace(output);
        workspace.UseModel(Enum.Parse<TinyArchitecture>(architecture));
        var first = TemplateText.Words(seed: 4, words);
        var template = TemplateText.Of(1, TemplateTokens);
        workspace.AddTemplate("@code", template);
        var server = await workspace.StartServerAsync(workspace.ServerOptions(parallel));
        await using var proxy = await workspace.StartProxyAsync(server);
        await proxy.WaitUntilWarmAsync("@code");

        var one = await proxy.SendAsync(Turn(("user", $"@code {first}")), CancellationToken.None);
        if (isInterrupted)
            // long enough that the server sees no similarity in the role marker that all prompts share, and takes the other slot
            await proxy.AskAsync(("user", TemplateText.Words(seed: 3, length: 300)));
        var two = await proxy.SendAsync(
            Turn(("user", $"@code {first}"), ("assistant", one.Text), ("user", Second)), CancellationToken.None);

        // The backend's rendering of the expanded messages is as long as what it computed for the proxy, and begins with turn one's.
        var expanded = TemplateText.Expand(template, first);
        var promptOne = await RenderAsync(server, ("user", expanded));
        var promptTwo = await RenderAsync(server, ("user", expanded), ("assistant", one.Text), ("user", Second));
        Assert.StartsWith(promptOne, promptTwo, StringComparison.Ordinal);
        Assert.Equal(await CountAsync(server, promptOne), one.PromptTokens);
        Assert.Equal(await CountAsync(server, promptTwo), two.PromptTokens);

        output.WriteLine($"{one}; {two}");
        Assert.InRange(one.CachedTokens, TemplateTokens, one.PromptTokens);
        if (parallel is null && isInterrupted)
        {
            Assert.InRange(two.CachedTokens, words == Long ? one.PromptTokens : TemplateTokens, two.PromptTokens);
            return;
        }

        Assert.InRange(two.CachedTokens, one.PromptTokens, two.PromptTokens);
        Assert.Equal("hot", two.Cache);
        Assert.Equal(one.Slot, two.Slot);
    }

    private static JsonObject Turn(params (string Role, string Content)[] messages)
    {
        var chat = ChatProbe.Chat(messages);
        chat["max_tokens"] = 12;
        chat["temperature"] = 0;
        return chat;
    }

    private static async Task<string> RenderAsync(LlamaServer server, params (string Role, string Content)[] messages) =>
        (string)(await PostAsync(server, "/apply-template", ChatProbe.Chat(messages)))["prompt"]!;

    private static async Task<int> CountAsync(LlamaServer server, string prompt) =>
        (await PostAsync(server, "/tokenize",
            new JsonObject { ["content"] = prompt, ["add_special"] = true, ["parse_special"] = true }))["tokens"]!.AsArray().Count;

    private static async Task<JsonNode> PostAsync(LlamaServer server, string path, JsonObject body)
    {
        using var content = new StringContent(body.ToJsonString());
        using var response = await server.Client.PostAsync(new Uri(path, UriKind.Relative), content).DefaultTimeout();
        return JsonNode.Parse(await response.Content.ReadAsStringAsync().DefaultTimeout())!;
    }
}
