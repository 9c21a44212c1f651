using System.Net;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Bioproxy.Doubles;
using Bioproxy.Host.Configuration;
using Xunit.Abstractions;

namespace Bioproxy.IntegrationTests.Cluster;

/// <summary>Each proxy starts models of its own; clients ask any of the proxies for any of them.</summary>
public sealed partial class OtherPoolTests(ITestOutputHelper output)
{
    private static readonly Uri ModelList = new("/v1/models", UriKind.Relative);

    [RedisFact]
    public async Task Model_OnlyTheOtherProxyHasIt_IsServedAsThere()
    {
        await using var group = await StartAsync(hasKeys: true, ["m1"], []);
        var (host, guest) = (group.Proxies[0], group.Proxies[1]);
        host.Client.DefaultRequestHeaders.Authorization = guest.Client.DefaultRequestHeaders.Authorization = new("Bearer", "ada");
        await WaitUntilListedAsync(guest, "m1");
        var conversation = new Conversation(number: 71, turns: 2);
        await conversation.LearnAsync(await ReferenceServer.OfAsync(TinyArchitecture.Llama, seed: 1), isContinued: true);

        var first = await guest.SendAsync(Named("m1", conversation.Request(0)));
        await group.WaitUntilNothingIsHeldAsync(); // while its slot is being saved, another one may be the better place
        var second = await guest.SendAsync(Named("m1", conversation.Request(1)));

        output.WriteLine($"{first}\n{second}");
        conversation.AssertRight(0, first);
        conversation.AssertRight(1, second);
        Assert.InRange(second.CachedTokens, first.PromptTokens - 8, second.PromptTokens);
        Assert.Equal("hot", second.Cache);
        Assert.Equal(await StreamAsync(host, "m1"), await StreamAsync(guest, "m1"));
        Assert.Equal(await TokensAsync(host), await TokensAsync(guest));
        Assert.Equal("cold", await CacheOfMessageAsync(guest, "ada"));
        Assert.NotEqual("cold", await CacheOfMessageAsync(guest, "ada"));
        Assert.Equal("cold", await CacheOfMessageAsync(guest, "bob")); // computed apart, through the same turn
        using var unknown = await host.Client.SendAsync(WithTurn(Chat("m1", 4)));
        Assert.Equal(HttpStatusCode.Forbidden, unknown.StatusCode);
        await group.WaitUntilNothingIsHeldAsync();
    }

    [RedisFact]
    public async Task Model_BothHaveItAndOneHasItLoaded_IsServedThere()
    {
        await using var group = await StartAsync(hasKeys: false, ["m1"], ["m1"]);
        using var first = await group.Proxies[0].Client.SendAsync(TestProxy.Request(Chat("m1", 4))).DefaultTimeout();
        var at = TestProxy.Header(first, "X-Bioproxy-Backend") == "m1" ? 0 : 1;
        var guest = group.Proxies[1 - at];
        await Eventually.TrueAsync(async () => await StateAsync(guest, "m1") == "ready", Tolerances.Soon, "it is known to be loaded");

        using var second = await guest.Client.SendAsync(TestProxy.Request(Chat("m1", 4))).DefaultTimeout();

        Assert.Equal((HttpStatusCode.OK, $"m1@{group.NameOf(at)}"), (second.StatusCode, TestProxy.Header(second, "X-Bioproxy-Backend")));
        Assert.Equal(["m1"], await NamesAsync(guest));
    }

    [RedisFact]
    public async Task Proxy_IsKilledWhileItPassesOn_ItsModelsGoAndComeBack()
    {
        await using var group = await StartAsync(hasKeys: false, ["m1"], ["m2"]);
        var (host, guest) = (group.Proxies[0], group.Proxies[1]);
        await WaitUntilListedAsync(guest, "m1");
        var endless = Chat("m1", 100_000);
        (endless["stream"], endless["ignore_eos"]) = (true, true);
        using var response = await guest.Client.SendAsync(TestProxy.Request(endless), HttpCompletionOption.ResponseHeadersRead);
        using var lines = new StreamReader(await response.Content.ReadAsStreamAsync());
        Assert.StartsWith("data: ", await lines.ReadLineAsync().DefaultTimeout(), StringComparison.Ordinal);

        await host.KillAsync();

        await Assert.ThrowsAnyAsync<IOException>(() => lines.ReadToEndAsync().DefaultTimeout());
        using var next = await guest.Client.SendAsync(TestProxy.Request(Chat("m1", 4))).DefaultTimeout();
        Assert.Contains(next.StatusCode, new[] { HttpStatusCode.BadGateway, HttpStatusCode.NotFound });
        await Eventually.TrueAsync(async () => await NamesAsync(guest) is ["m2"], Tolerances.Soon, "its models are gone");
        using var gone = await guest.Client.SendAsync(TestProxy.Request(Chat("m1", 4))).DefaultTimeout();
        Assert.Equal(HttpStatusCode.NotFound, gone.StatusCode);

        host = await group.RestartAsync(0);
        await WaitUntilListedAsync(guest, "m1");
        await WaitUntilListedAsync(host, "m2");
        Assert.True((await guest.SendAsync(Chat("m1", 4))).PromptTokens > 0);
    }

    private async Task<ProxyGroup> StartAsync(bool hasKeys, params string[][] pools)
    {
        var server = await LlamaServerBinary.RequireAsync();
        var file = TinyModel.Ensure(TinyArchitecture.Llama, seed: 1, TinySize.Small);
        return await ProxyGroup.StartAsync(output, pools.Length, servers: 0, changeEach: (i, configuration) =>
        {
            configuration.Remove("backends");
            configuration.Remove("models");
            if (hasKeys)
                configuration["api_keys"] = new JsonObject { ["ada"] = $"{KeyHash.OfKey("ada")}", ["bob"] = $"{KeyHash.OfKey("bob")}" };
            if (pools[i].Length == 0)
            {
                configuration["backend_url"] = "http://127.0.0.1:9/";
                return;
            }

            var ports = PoolStage.SomePorts();
            configuration["pool"] = new JsonObject
            {
                ["models"] = new JsonObject(pools[i].Select(name => KeyValuePair.Create(name, (JsonNode?)new JsonObject
                {
                    ["command"] = $"'{server}' -m '{file}' --port ${{port}} --slot-save-path ${{slots}} -c 8192 -np 2 -t 1",
                }))),
                ["ports"] = $"{ports.First}-{ports.Last}",
            };
        });
    }

    private static JsonObject Chat(string model, int tokens) =>
        Named(model, ProxyGroup.Chat(tokens, ("user", TemplateText.Words(seed: 7, length: 40))));

    private static JsonObject Named(string model, JsonObject chat)
    {
        chat["model"] = model;
        return chat;
    }

    private static HttpRequestMessage WithTurn(JsonObject chat)
    {
        var request = TestProxy.Request(chat);
        request.Headers.Add("X-Bioproxy-Turn", $"{Guid.NewGuid():n}");
        return request;
    }

    /// <summary>The events of a stream, without what differs from one request to the next.</summary>
    private static async Task<string> StreamAsync(BioproxyRun proxy, string model)
    {
        var chat = Chat(model, 16);
        chat["stream"] = true;
        using var response = await proxy.Client.SendAsync(TestProxy.Request(chat)).DefaultTimeout();
        var text = await response.Content.ReadAsStringAsync().DefaultTimeout();
        Assert.EndsWith("data: [DONE]\n\n", text, StringComparison.Ordinal);
        return PerRequest().Replace(text, "");
    }

    /// <summary>Asks on <c>/v1/messages</c>, where llama-server takes neither a slot nor a wish to reuse nothing.</summary>
    private static async Task<string?> CacheOfMessageAsync(BioproxyRun proxy, string key)
    {
        var chat = ChatProbe.Chat(("user", TemplateText.Words(seed: 9, length: 300)));
        chat["max_tokens"] = 4;
        using var request = TestProxy.Request(Named("m1", chat));
        request.RequestUri = new Uri("/v1/messages", UriKind.Relative);
        request.Headers.Authorization = new("Bearer", key);
        using var response = await proxy.Client.SendAsync(request).DefaultTimeout();
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync());
        return TestProxy.Header(response, "X-Bioproxy-Cache");
    }

    private static async Task<string> TokensAsync(BioproxyRun proxy)
    {
        using var content = new StringContent("""{"model":"m1","content":"The quick brown fox"}""");
        using var response = await proxy.Client.PostAsync(new Uri("/tokenize", UriKind.Relative), content).DefaultTimeout();
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return await response.Content.ReadAsStringAsync();
    }

    private static async Task<List<string>> NamesAsync(BioproxyRun proxy)
    {
        var list = JsonNode.Parse(await proxy.Client.GetStringAsync(ModelList).DefaultTimeout())!;
        return [.. list["data"]!.AsArray().Select(one => (string)one!["id"]!)];
    }

    /// <summary>What a proxy knows of a model in the pool of another one.</summary>
    private static async Task<string?> StateAsync(BioproxyRun proxy, string model) =>
        (await proxy.StatusAsync())["cluster"]!["pools"]!.AsArray()
            .SelectMany(pool => pool!["models"]!.AsArray())
            .Where(one => (string)one!["name"]! == model)
            .Select(one => (string?)one!["state"])
            .FirstOrDefault();

    private static Task WaitUntilListedAsync(BioproxyRun proxy, string model) => Eventually.TrueAsync(
        async () => await StateAsync(proxy, model) is not null && (await NamesAsync(proxy)).Contains(model),
        Tolerances.Soon,
        $"{model} is listed");

    [GeneratedRegex("""^: .*\n\n|"(id|created|timings|prompt_progress|id_slot)":("[^"]*"|\d+|\{[^}]*\}),?""", RegexOptions.Multiline)]
    private static partial Regex PerRequest();
}
