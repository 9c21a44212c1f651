using System.Net;
using System.Text.Json.Nodes;
using Bioproxy.Doubles;
using Bioproxy.Host;
using Bioproxy.Host.Backends;
using Bioproxy.Host.Configuration;
using Microsoft.Extensions.Logging;
using Xunit.Abstractions;

namespace Bioproxy.IntegrationTests;

/// <summary>The configuration file changes while the proxy runs.</summary>
public sealed class FakeConfigurationReloadTests(ITestOutputHelper output) : IAsyncLifetime
{
    private const string Key = "the key of alice";

    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("bioproxy-reload-");
    private readonly CollectedLog _log = new();
    private readonly FakeBackend _backend = FakeBackend.Start();
    private readonly HttpClient _client = new(new SocketsHttpHandler { UseProxy = false });
    private BioproxyApp _app = null!;

    private string File => Path.Combine(_root.FullName, "config.json");

    public async Task InitializeAsync()
    {
        var text = string.Join(' ', Enumerable.Range(0, 300).Select(i => $"word{i}"));
        Template("one", $"Template one. {text}\n<<message>>");
        Template("two", $"Template two. {text}\n<<message>>");
        Write("""  "prefixes": { "@one": "one.txt" } """);
        var input = new ConfigurationInput { ConfigPath = File, Environment = _ => null };
        var result = ConfigurationLoader.Load(input);
        Assert.Empty(result.Errors);
        _app = new BioproxyApp(
            result.Options!,
            logging: logging => logging.AddProvider(_log).SetMinimumLevel(LogLevel.Debug).AddFilter("Microsoft", LogLevel.Warning),
            source: new ConfigurationSource(input, result.Values));
        Assert.Empty(await _app.LoadTemplatesAsync(CancellationToken.None));
        await _app.StartAsync(CancellationToken.None).DefaultTimeout();
        await Eventually.TrueAsync(
            () => _app.Model.Current.State.Status == BackendStatus.Ready, FakeStage.Limit, "the backend is known");
    }

    public async Task DisposeAsync()
    {
        _client.Dispose();
        await _app.DisposeAsync().AsTask().DefaultTimeout();
        await _backend.DisposeAsync();
        output.WriteLine(string.Join('\n', _log.Lines));
        _root.Delete(recursive: true);
    }

    [Fact]
    public async Task Change_OfWhatIsLive_IsTakenOver()
    {
        Write($$"""  "prefixes": { "@two": "two.txt" }, "api_keys": { "alice": "{{KeyHash.OfKey(Key)}}" }, "plugins": { "Any": {} } """);
        await WaitForLogAsync("was read again: api_keys, prefixes, plugins.");

        using var without = await AskAsync("@two hello");
        using var with = await AskAsync("@two hello", Key);
        using var gone = await AskAsync("@one hello", Key);

        Assert.Equal(
            (HttpStatusCode.Unauthorized, HttpStatusCode.OK, HttpStatusCode.OK), (without.StatusCode, with.StatusCode, gone.StatusCode));
        var chats = _backend.Requests.Where(request => request.Is("POST", "/v1/chat/completions")).Select(request => request.Text).ToList();
        Assert.Contains(chats, text => text.Contains("Template two.", StringComparison.Ordinal));
        Assert.Contains(chats, text => text.Contains("@one hello", StringComparison.Ordinal));
        Assert.Equal(["@two"], _app.Templates.Select(template => template.Trigger));
        Assert.Equal(["@two"], _app.WarmUps.Select(warmUp => warmUp.Trigger));
        await Eventually.TrueAsync(
            () => _app.Snapshots.All.Any(snapshot => snapshot.Trigger == "@two"), FakeStage.Limit, "the new template is warm");
    }

    [Theory]
    [InlineData("""  "proxy_prot": 1 """, "proxy_prot: unknown key; did you mean")]
    [InlineData("""  "prefixes": { "@two": "missing.txt" } """, "expected the path of a template file that exists")]
    [InlineData("""  "prefixes": { "@two": "broken.txt" } """, "the template has no <<message>>")]
    public async Task Mistake_KeepsWhatIsThereAndSaysSo(string members, string mistake)
    {
        await System.IO.File.WriteAllTextAsync(Path.Combine(_root.FullName, "broken.txt"), "x");
        Write($$"""{{members}}, "api_keys": { "alice": "{{KeyHash.OfKey(Key)}}" } """);
        await WaitForLogAsync("has a mistake and is not used; the one before stays.");

        using var answer = await AskAsync("@one hello");
        var status = await StatusAsync();

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Contains(mistake, string.Join('\n', status["mistakes"]!.AsArray()), StringComparison.Ordinal);
        Assert.Contains(_log.Lines, line => line.Contains(mistake, StringComparison.Ordinal));
        Assert.Equal(["@one"], _app.Templates.Select(template => template.Trigger));

        Write("""  "prefixes": { "@one": "one.txt" } """);
        await WaitForLogAsync("was read again: nothing to take over.");
        Assert.Empty((await StatusAsync())["mistakes"]!.AsArray());
    }

    [Fact]
    public async Task Change_ThatNeedsARestart_IsNamedUntilItIsTakenBack()
    {
        Write("""  "prefixes": { "@one": "one.txt" }, "queue": { "capacity": 9 }, "kv": { "min_tokens": 512, "save": "never" } """);
        await WaitForLogAsync("kv.save was changed and needs a restart");
        await WaitForLogAsync("queue.capacity was changed and needs a restart");

        // kv.min_tokens is what it was by default.
        var keys = (await StatusAsync())["needs_restart"]!.AsArray().Select(key => (string)key!);
        Assert.Equal(["kv.save", "queue.capacity"], keys);

        Write("""  "prefixes": { "@one": "one.txt" } """);
        await Eventually.TrueAsync(
            async () => (await StatusAsync())["needs_restart"]!.AsArray().Count == 0, FakeStage.Limit, "nothing needs a restart");
    }

    [Fact]
    public async Task Reloads_WhileRequestsRun_LoseNone()
    {
        using var stopping = new CancellationTokenSource();
        var clients = Enumerable.Range(0, 4).Select(_ => Task.Run(async () =>
        {
            var statuses = new List<HttpStatusCode>();
            while (!stopping.IsCancellationRequested)
            {
                using var answer = await AskAsync("@one hello", Key);
                statuses.Add(answer.StatusCode);
            }

            return statuses;
        })).ToList();

        for (var round = 0; round < 3; round++)
        {
            var keys = round % 2 == 0 ? $$""", "api_keys": { "alice": "{{KeyHash.OfKey(Key)}}" } """ : "";
            Write($$"""  "prefixes": { "@{{(round % 2 == 0 ? "two" : "one")}}": "one.txt" }, "agents": ["a{{round}}"] {{keys}}""");
            var wanted = round + 1;
            await Eventually.TrueAsync(
                () => _log.Lines.Count(line => line.Contains("was read again", StringComparison.Ordinal)) == wanted,
                FakeStage.Limit,
                $"reload {wanted}");
        }

        await stopping.CancelAsync();
        var all = (await Task.WhenAll(clients).DefaultTimeout()).SelectMany(one => one).ToList();
        Assert.True(all.Count > 10, $"{all.Count} requests");
        Assert.All(all, status => Assert.Equal(HttpStatusCode.OK, status));
    }

    private void Template(string name, string text) => System.IO.File.WriteAllText(Path.Combine(_root.FullName, $"{name}.txt"), text);

    private void Write(string members)
    {
        System.IO.File.WriteAllText($"{File}.new", $$"""
            {
              "backend_url": "{{_backend.BaseAddress}}", "proxy_port": 0, "admin_port": 0, "state_directory": "state",
              "health_check_interval": 0.1, "warmup_check_interval": 1, "plugin_directories": ["{{HostOutput.Plugins}}"],
            {{members}}
            }
            """);
        System.IO.File.Move($"{File}.new", File, overwrite: true);
    }

    private Task WaitForLogAsync(string text) => Eventually.TrueAsync(
        () => _log.Lines.Any(line => line.Contains(text, StringComparison.Ordinal)), FakeStage.Limit, $"the log says '{text}'");

    private async Task<HttpResponseMessage> AskAsync(string text, string? key = null)
    {
        using var request = FakeStage.Post(FakeStage.Chat(text));
        request.RequestUri = new Uri(_app.ProxyAddress, "/v1/chat/completions");
        if (key is not null)
            request.Headers.Authorization = new("Bearer", key);
        return await _client.SendAsync(request).DefaultTimeout();
    }

    private async Task<JsonNode> StatusAsync()
    {
        var text = await _client.GetStringAsync(new Uri(_app.AdminAddress, "/status")).DefaultTimeout();
        return JsonNode.Parse(text)!["configuration"]!;
    }
}
