using System.Collections.Frozen;
using System.Text;
using System.Text.Json.Nodes;
using Bioproxy.Doubles;
using Bioproxy.Host.Configuration;
using Xunit.Abstractions;

namespace Bioproxy.IntegrationTests;

/// <summary>The built-in stabiliser in front of the real server.</summary>
public sealed class NormaliserTests(ITestOutputHelper output)
{
    private const string AllOff = """{"attribution":false,"tool_arguments":false,"answer_text":false}""";

    /// <summary>What the model is made to write: the client returns it as it is, and later without the white space at its edges.
    /// </summary>
    private const string Written = "One answer with trailing blanks  \nand a second line that makes it longer than a rounding error.\n\n";

    /// <remarks>The turn that returns it as it is comes first: a model of random weights writes other tokens than its text has.</remarks>
    [Fact]
    public async Task Answer_ReturnedTrimmed_KeepsItsCache()
    {
        await using var workspace = new Workspace(output);
        workspace.UseModel(size: TinySize.Tiny);
        var server = await workspace.StartServerAsync(workspace.ServerOptions(parallel: 1) with { CacheRamMiB = 0 });

        var (before, with) = await ConverseAsync(await workspace.StartProxyAsync(server, Saving));
        var (_, without) = await ConverseAsync(await workspace.StartProxyAsync(server, o => With(Saving(o), AllOff)));

        output.WriteLine($"before  {before}\nwith    {with}\nwithout {without}");
        Assert.InRange(with.CachedTokens, before.PromptTokens, with.PromptTokens);
        Assert.InRange(without.CachedTokens, 1, before.PromptTokens - 50); // up to the blanks at the end of the first line
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Reminder_ThatMovesToTheNewestMessage_KeepsTheCacheWithItsRule(bool isOn)
    {
        await using var workspace = new Workspace(output);
        workspace.UseModel(size: TinySize.Tiny);
        var server = await workspace.StartServerAsync(workspace.ServerOptions(parallel: 1) with { CacheRamMiB = 0 });
        await using var proxy = await workspace.StartProxyAsync(
            server, o => With(Saving(o), isOn ? """{"system_reminder":true}""" : "{}"));
        await proxy.WaitUntilRecognisedAsync();
        var question = TemplateText.Words(seed: 3, 60);
        var reminder = $"<system-reminder>\n{TemplateText.Words(seed: 4, 60)}\n</system-reminder>";
        var first = await AskAsync(Said("user", question, reminder));

        var next = await AskAsync(Said("user", question), Said("assistant", "Yes."), Said("user", "And then?", reminder));

        output.WriteLine($"first {first}\nnext  {next}");
        if (isOn)
            Assert.InRange(next.CachedTokens, first.PromptTokens - 2, next.PromptTokens);
        else
            Assert.InRange(next.CachedTokens, 1, first.PromptTokens - 50);

        async Task<Answer> AskAsync(params JsonObject[] messages)
        {
            var answer = await proxy.SendAsync(ChatProbe.FirstTokenBody(new() { ["messages"] = new JsonArray([.. messages]) }), default);
            await proxy.WaitUntilIdleAsync();
            return answer;
        }

        static JsonObject Said(string role, params string[] texts) => new()
        {
            ["role"] = role,
            ["content"] = new JsonArray([.. texts.Select(text => new JsonObject { ["type"] = "text", ["text"] = text })]),
        };
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Prompt_ThatNoRuleTouches_IsAnsweredByteForByteAsWithoutRules(bool stream)
    {
        await using var workspace = new Workspace(output);
        workspace.UseModel(size: TinySize.Tiny);
        var server = await workspace.StartServerAsync(workspace.ServerOptions(parallel: 1) with { CacheRamMiB = 0 });
        var chat = ChatProbe.Chat(("system", "Be brief. é"), ("user", "  Hello\n"), ("assistant", "Hi \n"), ("user", "And?"));
        chat["max_tokens"] = 24;
        chat["temperature"] = 0;
        chat["stream"] = stream;
        chat["cache_prompt"] = false; // another split into batches rounds differently
        var body = chat.ToJsonString();

        using var direct = new HttpClient { BaseAddress = server.BaseAddress };
        var expected = await AnswerAsync(direct, body);
        foreach (var settings in new[] { "{}", AllOff })
        {
            await using var proxy = await workspace.StartProxyAsync(server, o => With(Saving(o), settings));
            await proxy.WaitUntilRecognisedAsync();
            Assert.Equal(expected, await AnswerAsync(proxy.Client, body));
        }
    }

    private static ProxyOptions Saving(ProxyOptions options) => options with { KvSave = SaveMode.Never };

    private static ProxyOptions With(ProxyOptions options, string settings) => options with
    {
        PluginSettings = new Dictionary<string, ReadOnlyMemory<byte>>
        {
            ["Bioproxy.PrefixStabiliser"] = Encoding.UTF8.GetBytes(settings),
        }.ToFrozenDictionary(),
    };

    private static async Task<(Answer Before, Answer Last)> ConverseAsync(TestProxy proxy)
    {
        await using var owned = proxy;
        await proxy.WaitUntilRecognisedAsync();
        List<(string Role, string Content)> messages = [("user", "What is it?")];
        var first = await AskAsync(Written);
        Assert.Equal(Written, first.Text);
        messages.AddRange([("assistant", first.Text), ("user", "And then?")]);
        var before = await AskAsync("Two");
        messages[1] = ("assistant", string.Join('\n', first.Text.Split('\n').Select(line => line.TrimEnd())).Trim());
        messages.AddRange([("assistant", before.Text), ("user", "And now?")]);
        return (before, await AskAsync("Three"));

        async Task<Answer> AskAsync(string answer)
        {
            var sent = await proxy.SendAsync(Turn([.. messages], answer), CancellationToken.None);
            await proxy.WaitUntilIdleAsync(); // what was answered is remembered by then
            return sent;
        }
    }

    private static JsonObject Turn((string Role, string Content)[] messages, string answer)
    {
        var chat = ChatProbe.Chat(messages);
        chat["max_tokens"] = 200;
        chat["temperature"] = 0;
        chat["grammar"] = $"root ::= \"{answer.Replace("\n", "\\n", StringComparison.Ordinal)}\"";
        return chat;
    }

    /// <summary>The bytes of the answer but for its id, its time and its timings.</summary>
    private static async Task<string> AnswerAsync(HttpClient client, string body)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using var response = await client.PostAsync(new Uri("/v1/chat/completions", UriKind.Relative), content).DefaultTimeout();
        var text = await response.Content.ReadAsStringAsync().DefaultTimeout();
        return string.Join('\n', text.Split('\n').Select(static line => line.Split(",\"created\"")[0]));
    }
}
