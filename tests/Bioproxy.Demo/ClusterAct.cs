using System.Text.Json.Nodes;
using Bioproxy.Doubles;

namespace Bioproxy.Demo;

/// <summary>
/// Three proxies before one llama-server. A conversation goes round them; the proxy that schedules the server is killed while it streams
/// the second answer, and the same turn is asked again through another one.
/// </summary>
internal sealed class ClusterAct(DemoOptions options) : IAsyncDisposable
{
    private const int Proxies = 3;
    private const double LeastReuse = 0.95;

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("bioproxy-demo-");
    private readonly List<BioproxyProcess> _proxies = [];
    private RedisServer? _redis;
    private LlamaServer? _server;

    /// <summary>The last log lines of everything.</summary>
    public string Logs => string.Join('\n', [.. _proxies.Select(static proxy => proxy.Log), _server?.Log.ToString() ?? ""]);

    /// <summary>Runs the act and prints its table.</summary>
    /// <returns>Whether the conversation survived.</returns>
    public async Task<bool> ShowAsync(CancellationToken stop)
    {
        var model = await DemoStep.RunAsync("making a model with random weights", () => Task.Run(
            () => TinyModel.Ensure(TinyArchitecture.Llama, seed: 1, TinySize.Large), stop));
        _redis = await DemoStep.RunAsync("starting Redis", StartRedisAsync);
        var slots = Path.Combine(_folder.FullName, "slots");
        _server = await DemoStep.RunAsync("starting llama-server", () => LlamaServer.StartAsync(
            new LlamaServerOptions
            {
                ModelPath = model,
                SlotSavePath = slots,
                Parallel = 2,
                Threads = Math.Clamp(Environment.ProcessorCount, 1, 8),
                Alias = "tiny-random",
            },
            stop));
        await DemoStep.RunAsync($"starting {Proxies} proxies", () => StartProxiesAsync(slots, stop));
        var owner = await OwnerAsync(stop);
        var others = Enumerable.Range(0, Proxies).Where(number => number != owner).ToList();

        var conversation = new List<(string Role, string Content)>
        {
            ("user", new DemoTemplate(options.TemplateTokens).Expand("How do I reverse a string?")),
        };
        var first = await DemoStep.RunAsync(
            $"the first turn, through proxy {others[0] + 1}", () => AskAsync(others[0], conversation, stop));
        await _proxies[owner].UntilAsync(
            static status => status["snapshots"]!.AsArray().Count > 0, Limit, "the conversation was not saved", stop);
        conversation.Add(("assistant", first.Text));
        conversation.Add(("user", "And a list?"));
        await DemoStep.RunAsync(
            $"the second turn, through proxy {owner + 1}, which schedules the server: killed while it streams",
            () => KillWhileItStreamsAsync(owner, conversation, stop));
        var second = await DemoStep.RunAsync(
            $"the second turn again, through proxy {others[1] + 1}", () => AskAsync(others[1], conversation, stop));

        var reuse = second.Reused / (double)first.PromptTokens;
        DemoTable.Print(
            ($"first turn, proxy {others[0] + 1}", first),
            ($"second turn, proxy {others[1] + 1}, after the kill", second));
        Console.WriteLine(
            $"Proxy {owner + 1} died with the server's queue and table; {DemoTable.Percent(reuse)} of the conversation survived it "
            + $"(X-Bioproxy-Cache: {second.Cache ?? "missing"}). Proxy {await OwnerAsync(stop) + 1} schedules the server now.");
        if (reuse < LeastReuse)
            Console.WriteLine($"That is less than {DemoTable.Percent(LeastReuse)}: something is wrong.");
        return reuse >= LeastReuse;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var proxy in _proxies)
            await proxy.DisposeAsync();
        if (_server is not null)
            await _server.DisposeAsync();
        if (_redis is not null)
            await _redis.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    private static async Task<RedisServer> StartRedisAsync()
    {
        if (RedisServer.Program is null)
            throw new InvalidOperationException("redis-server is not on the PATH (Debian: apt-get install redis-server).");
        var redis = new RedisServer();
        await redis.StartAsync();
        return redis;
    }

    private async Task<bool> StartProxiesAsync(string slots, CancellationToken stop)
    {
        for (var i = 0; i < Proxies; i++)
        {
            var configuration = new JsonObject
            {
                ["backend_url"] = _server!.BaseAddress.ToString(),
                ["kv"] = new JsonObject { ["directory"] = slots, ["save"] = "always", ["idle_save_seconds"] = 0.2 },
                ["cluster"] = new JsonObject
                {
                    ["redis"] = _redis!.Address,
                    ["name"] = "demo",
                    ["advertise"] = $"127.0.0.1:{FreePort.Next()}",
                },
            };
            var ports = i == 0 ? (options.ProxyPort, options.AdminPort) : default;
            _proxies.Add(await BioproxyProcess.StartAsync(_folder.CreateSubdirectory($"proxy{i + 1}"), configuration, ports, stop));
        }

        // One that has not met the others yet leaves a request to llama-server, and nothing of it is saved.
        foreach (var proxy in _proxies)
            await proxy.UntilAsync(
                static status => status["backend"]!["owner"] is not null && status["cluster"]!["problem"] is null,
                Limit,
                "a proxy did not meet the others",
                stop);
        var owner = await OwnerAsync(stop);
        await _proxies[owner].UntilAsync(
            static status => status["backend"]!["identity"] is not null, Limit, "the model was not recognised", stop);
        return true;
    }

    /// <summary>The number of the proxy that schedules the server; asks until one says so.</summary>
    private async Task<int> OwnerAsync(CancellationToken stop)
    {
        var living = _proxies.FindIndex(static proxy => !proxy.HasExited);
        for (var attempt = 0; attempt < 600; attempt++)
        {
            if (await ChatClient.TryGetAsync(new Uri(_proxies[living].Admin, "/cluster?status=true"), stop) is { } answer
                && answer["proxies"]!.AsArray().FirstOrDefault(static one => one!["owns"]!.AsArray().Count > 0) is { } owner
                && _proxies.FindIndex(proxy => IsThat(owner["report"]!, proxy)) is var number and >= 0)
                return number;
            await Task.Delay(100, stop);
        }

        throw new InvalidOperationException("No proxy schedules the server.");

        static bool IsThat(JsonNode report, BioproxyProcess proxy) =>
            report["addresses"]!.AsArray().Any(address => (string?)address == proxy.Address.ToString());
    }

    private async Task<bool> KillWhileItStreamsAsync(
        int proxy, IReadOnlyList<(string Role, string Content)> conversation, CancellationToken stop)
    {
        var streaming = AskAsync(proxy, conversation, stop, maxTokens: 2000);
        await _proxies[proxy].UntilAsync(static status => (int)status["queue"]!["used"]! > 0, Limit, "nothing streams", stop);
        await Task.Delay(500, stop);
        await _proxies[proxy].KillAsync();
        try
        {
            await streaming;
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            return true; // the client lost its connection
        }

        throw new InvalidOperationException("The answer had ended before the proxy was killed.");
    }

    private Task<Answer> AskAsync(
        int proxy, IEnumerable<(string Role, string Content)> conversation, CancellationToken stop, int maxTokens = 16)
    {
        var body = JsonNode.Parse(ChatClient.Body(null, conversation))!;
        (body["max_tokens"], body["ignore_eos"]) = (maxTokens, maxTokens > 16);
        return ChatClient.SendAsync(_proxies[proxy].Address, body.ToJsonString(), stop);
    }
}
