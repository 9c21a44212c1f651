using System.Diagnostics;
using System.Text.Json.Nodes;
using Bioproxy.Doubles;
using Bioproxy.Host.Configuration;
using Xunit.Abstractions;

namespace Bioproxy.IntegrationTests.Cluster;

/// <summary>Several proxies in processes of their own before the same llama-servers, with a Redis where they meet.</summary>
internal sealed class ProxyGroup : IAsyncDisposable
{
    private readonly ITestOutputHelper _output;
    private readonly List<string> _configurations = [];
    private readonly List<Relay> _relays = [];
    private Relay? _redisRelay;
    private SplitNetwork? _network;
    private int _turn;

    private ProxyGroup(ITestOutputHelper output)
    {
        _output = output;
        Workspace = new Workspace(output);
    }

    public Workspace Workspace { get; }

    public RedisServer Redis { get; } = new();

    public List<LlamaServer> Servers { get; } = [];

    /// <summary>By number; one that was killed stays here.</summary>
    public List<BioproxyRun> Proxies { get; } = [];

    /// <summary>Starts everything, with a relay before every server where there is a network or one is asked for; returns when every server
    /// has an owner that has recognised its model.</summary>
    public static async Task<ProxyGroup> StartAsync(
        ITestOutputHelper output, int proxies, int servers, int parallel = 2, TinyArchitecture model = TinyArchitecture.Llama,
        Action<JsonObject>? change = null, SplitNetwork? network = null, bool isRelayed = false, Action<int, JsonObject>? changeEach = null,
        TinySize size = TinySize.Small, Func<LlamaServerOptions, LlamaServerOptions>? server = null)
    {
        var group = new ProxyGroup(output) { _network = network };
        try
        {
            group.Workspace.UseModel(model, size: size);
            await group.Redis.StartAsync();
            for (var i = 0; i < servers; i++)
            {
                var options = group.Workspace.ServerOptions(parallel);
                group.Servers.Add(await group.Workspace.StartServerAsync(server?.Invoke(options) ?? options));
            }

            if (network is not null)
                group._redisRelay = Relay.Start(new Uri($"http://{group.Redis.Address}/"), network.Redis);
            if (network is not null || isRelayed)
                group._relays.AddRange(group.Servers.Select(server => Relay.Start(server.BaseAddress, network?.Servers)));
            foreach (var i in Enumerable.Range(0, proxies))
                group._configurations.Add(group.Configure(i, configuration =>
                {
                    change?.Invoke(configuration);
                    changeEach?.Invoke(i, configuration);
                }));
            var starting = group._configurations.Index()
                .Select(proxy => BioproxyRun.StartAsync(proxy.Item, output, network?.Wrapper(proxy.Index) ?? [])).ToList();
            try
            {
                await Task.WhenAll(starting);
            }
            finally
            {
                foreach (var started in starting.Where(static one => one.IsCompletedSuccessfully))
                    group.Proxies.Add(await started);
            }

            await group.WaitUntilAllAreRecognisedAsync(proxies);
            return group;
        }
        catch
        {
            await group.DisposeAsync();
            throw;
        }
    }

    /// <summary>The proxies that live.</summary>
    public IEnumerable<BioproxyRun> Living => Proxies.Where(static proxy => !proxy.HasExited);

    /// <summary>What the proxies call one among each other.</summary>
    public string NameOf(int proxy) =>
        (string)JsonNode.Parse(File.ReadAllText(_configurations[proxy]))!["cluster"]!["advertise"]!;

    /// <summary>The next one of those that live.</summary>
    public BioproxyRun Next()
    {
        var living = Living.ToList();
        return living[_turn++ % living.Count];
    }

    /// <summary>Starts a proxy again that was killed or stopped.</summary>
    public async Task<BioproxyRun> RestartAsync(int proxy) =>
        Proxies[proxy] = await BioproxyRun.StartAsync(_configurations[proxy], _output);

    /// <summary>What <c>/cluster</c> says, with the status of every proxy.</summary>
    public static async Task<JsonNode> ReportAsync(BioproxyRun proxy) => JsonNode.Parse(
        await proxy.Admin.GetStringAsync(new Uri("/cluster?status=true", UriKind.Relative)).DefaultTimeout())!;

    /// <summary>The number of the proxy that schedules a server.</summary>
    public async Task<int> OwnerOfAsync(LlamaServer server)
    {
        var owner = -1;
        await Eventually.TrueAsync(
            async () =>
            {
                var report = await ReportAsync(Living.First());
                var owners = report["proxies"]!.AsArray()
                    .Where(one => one!["owns"]!.AsArray().Any(name => (string)name! == NameOf(server))).ToList();
                owner = owners.Count == 1 ? NumberOf((string)owners[0]!["proxy"]!) : -1;
                return owner >= 0;
            },
            Tolerances.Soon,
            $"one proxy schedules {NameOf(server)}");
        return owner;
    }

    /// <summary>Waits until every server has been recognised by its owner, and this many proxies are seen by all.</summary>
    public Task WaitUntilAllAreRecognisedAsync(int proxies) => Eventually.TrueAsync(
        async () =>
        {
            foreach (var proxy in Living)
            {
                var report = await ReportAsync(proxy);
                var seen = report["proxies"]!.AsArray();
                if (seen.Count != proxies)
                    return false;
                var recognised = seen.Sum(one => StatusesIn(one!["report"]!).Count(static status => status["identity"] is not null));
                if (recognised < Servers.Count)
                    return false;
            }

            return true;
        },
        TimeSpan.FromSeconds(60),
        "all servers are recognised and all proxies seen");

    /// <summary>A chat with an answer of so many tokens at most, the same each time.</summary>
    public static JsonObject Chat(int tokens, params (string Role, string Content)[] messages)
    {
        var chat = ChatProbe.Chat(messages);
        (chat["max_tokens"], chat["temperature"]) = (tokens, 0);
        return chat;
    }

    /// <summary>How many requests are served and how many wait, in any lane, at whichever proxy schedules their server.</summary>
    public async Task<(int Served, int Waiting)> CountAsync()
    {
        var (served, waiting) = (0, 0);
        foreach (var proxy in Living)
        {
            var queue = (await proxy.StatusAsync())["queue"]!;
            served += (int)queue["used"]!;
            waiting += (int)queue["interactive"]!["waiting"]! + (int)queue["batch"]!["waiting"]!;
        }

        return (served, waiting);
    }

    /// <summary>Begins an answer that lasts; a test that only needs a slot taken leaves it when it has waited for the others.</summary>
    public static async Task<HttpResponseMessage> StreamAsync(BioproxyRun proxy, int tokens = 8000, string? key = null)
    {
        var chat = ChatProbe.Chat(("user", "tell me a long story"));
        (chat["stream"], chat["ignore_eos"], chat["max_tokens"]) = (true, true, tokens);
        var request = TestProxy.Request(chat);
        request.Headers.Authorization = key is null ? null : new("Bearer", key);
        var response = await proxy.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead).DefaultTimeout();
        response.EnsureSuccessStatusCode();
        return response;
    }

    /// <summary>No proxy counts a request, and no slot of a server is at work.</summary>
    public Task WaitUntilNothingIsHeldAsync(TimeSpan? limit = null) => Eventually.TrueAsync(
        async () =>
        {
            foreach (var proxy in Living)
            {
                var status = await proxy.StatusAsync();
                var queues = (status["models"]?.AsArray().Select(static model => model!["queue"]!) ?? []).Append(status["queue"]!);
                if (queues.Any(static queue => (int)queue["used"]! > 0))
                    return false;
            }

            return true;
        },
        limit ?? TimeSpan.FromSeconds(20),
        "no lease is out");

    public async ValueTask DisposeAsync()
    {
        foreach (var proxy in Proxies)
            await proxy.DisposeAsync();
        foreach (var relay in _relays)
            await relay.DisposeAsync();
        if (_redisRelay is not null)
            await _redisRelay.DisposeAsync();
        await Redis.DisposeAsync();
        await Workspace.DisposeAsync();
    }

    /// <summary>What the proxies call a server.</summary>
    public string NameOf(LlamaServer server) =>
        _relays.Count == 0 ? $"127.0.0.1:{server.BaseAddress.Port}" : RelayOf(server).Address.Authority;

    /// <summary>What lies between the proxies and a server, where something does.</summary>
    public Relay RelayOf(LlamaServer server) => _relays[Servers.IndexOf(server)];

    /// <summary>What a proxy's status says of each of its servers.</summary>
    public static IEnumerable<JsonNode> StatusesIn(JsonNode report) => report["models"] is JsonArray { Count: > 0 } models
        ? models.Select(static model => model!["backend"]!)
        : [report["backend"]!];

    /// <summary>Writes a proxy's file again; it takes over what it can.</summary>
    public void Change(int number, Action<JsonObject> change)
    {
        var file = _configurations[number];
        var configuration = JsonNode.Parse(File.ReadAllText(file))!.AsObject();
        change(configuration);
        File.WriteAllText(file, configuration.ToJsonString());
    }

    /// <summary>The number of the proxy that advertises an address.</summary>
    public int NumberOf(string proxy) => _configurations.FindIndex(
        file => File.ReadAllText(file).Contains(proxy, StringComparison.Ordinal));

    private string Configure(int number, Action<JsonObject> change)
    {
        var backends = new JsonObject();
        foreach (var (i, server) in Servers.Index())
            backends[$"gpu{i}"] = new JsonObject { ["url"] = $"http://{NameOf(server)}/", ["slot_directory"] = Workspace.Slots };
        var configuration = new JsonObject
        {
            ["proxy_port"] = 0,
            ["admin_port"] = 0,
            ["state_directory"] = Workspace.PathOf($"state{number}"),
            ["backends"] = backends,
            ["models"] = new JsonObject { ["coder"] = new JsonObject { ["use"] = new JsonArray([.. backends.Select(one => one.Key)]) } },
            ["kv"] = new JsonObject { ["min_tokens"] = 64, ["idle_save_seconds"] = 0.2, ["save"] = "always" },
            ["cluster"] = new JsonObject
            {
                ["redis"] = _redisRelay?.Address.Authority ?? Redis.Address,
                ["name"] = "test",
                ["advertise"] = $"{_network?.AddressOf(number).ToString() ?? "127.0.0.1"}:{FreePort.Next()}",
                ["leave_seconds"] = 0,
            },
        };
        if (_network is not null)
        {
            configuration["proxy_host"] = $"{_network.AddressOf(number)}";
            configuration["admin_host"] = $"{_network.AddressOf(number)}";
            configuration["allow_open"] = true;
            configuration["admin_key"] = $"{KeyHash.OfKey(BioproxyRun.AdminKey)}";
        }

        change(configuration);
        var file = Workspace.PathOf($"proxy{number}.json");
        File.WriteAllText(file, configuration.ToJsonString());
        return file;
    }
}
