using System.Globalization;
using System.Text.Json.Nodes;
using Bioproxy.Doubles;

namespace Bioproxy.Demo;

/// <summary>
/// The demo: a llama-server without a proxy answers cold; Bioproxy is started and warms the template; llama-server
/// is stopped and started again; Bioproxy answers the same question. Then the <see cref="SecondAct"/>.
/// </summary>
internal sealed class Demonstration(DemoOptions options) : IAsyncDisposable
{
    private const string Question = "How do I reverse a string?";
    private const double LeastReuse = 0.98;
    private static readonly TimeSpan WarmUpLimit = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan NoticeLimit = TimeSpan.FromSeconds(30);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("bioproxy-demo-");
    private readonly DemoTemplate _template = new(options.TemplateTokens);
    private LlamaServer? _server;
    private BioproxyProcess? _proxy;
    private SecondAct? _second;

    public bool IsShown { get; private set; }

    /// <summary>The last log lines of the processes that the demo started, for error messages.</summary>
    public string Logs => _second is { Logs: var (proxy, server) }
        ? Tail("bioproxy", proxy) + Tail("llama-server", server)
        : Tail("bioproxy", _proxy?.Log) + Tail("llama-server", _server?.Log);

    /// <summary>Runs the demo and prints its table.</summary>
    /// <returns>Whether the warm answers reused what they should.</returns>
    public async Task<bool> ShowAsync(CancellationToken stop)
    {
        var model = await DemoStep.RunAsync("making a model with random weights", () => Task.Run(
            () => TinyModel.Ensure(TinyArchitecture.Llama, seed: 1, TinySize.Large), stop));
        var slots = Path.Combine(_folder.FullName, "slots");
        var serverOptions = new LlamaServerOptions
        {
            ModelPath = model,
            SlotSavePath = slots,
            Parallel = 2,
            Port = options.BackendPort,
            Threads = Math.Clamp(Environment.ProcessorCount, 1, 8),
            Alias = "tiny-random",
        };
        _server = await DemoStep.RunAsync("starting llama-server", () => LlamaServer.StartAsync(serverOptions, stop));

        // Not through the proxy: it would start to warm the template before it could be asked cold.
        var templateTokens = await ChatClient.CountTokensAsync(_server.BaseAddress, _template.Beginning, stop);
        var cold = await DemoStep.RunAsync(
            string.Create(CultureInfo.InvariantCulture,
                $"asking llama-server directly, cold: a template of {templateTokens:N0} tokens and a question"),
            () => ChatClient.AskAsync(_server.BaseAddress, _template.Expand(Question), stop));

        _proxy = await DemoStep.RunAsync("starting bioproxy", () => StartProxyAsync(_server.BaseAddress, slots, stop));
        var status = await DemoStep.RunAsync("waiting until @code is warm and saved to disk", () => _proxy.UntilAsync(
            IsWarmOrFailed, WarmUpLimit, "the template did not become warm", stop));
        if (!IsWarm(status))
            throw new InvalidOperationException($"The warm-up failed: {Template(status)["problem"]}");

        var before = Instance(status);
        await DemoStep.RunAsync("stopping llama-server and starting it again", async () =>
        {
            await _server.StopAsync();
            _server = await _server.RestartAsync(cancellationToken: stop);
            return await _proxy.UntilAsync(
                s => Instance(s) > before && s["backend"]!["identity"] is not null && IsWarm(s),
                NoticeLimit,
                "bioproxy did not recognise the model again",
                stop);
        });
        var warm = await DemoStep.RunAsync(
            "asking through bioproxy: @code and the question", () => ChatClient.AskAsync(_proxy.Address, $"@code {Question}", stop));

        var reuse = warm.Reused / (double)templateTokens;
        DemoTable.Print(("llama-server alone, cold", cold), ("bioproxy, after llama-server's restart", warm));
        Console.WriteLine(
            $"{DemoTable.Times(cold, warm)}; {DemoTable.Percent(reuse)} of the template came from disk "
            + $"(X-Bioproxy-Cache: {warm.Cache ?? "missing"}).");
        if (reuse < LeastReuse)
            Console.WriteLine($"That is less than {DemoTable.Percent(LeastReuse)}: something is wrong.");

        Console.WriteLine("\nTwo models, and room for one:");
        _second = new SecondAct(_template.Beginning, model);
        var isBack = await _second.ShowAsync(stop);
        await _second.DisposeAsync();
        _second = null;
        IsShown = true;
        return reuse >= LeastReuse && isBack;
    }

    private async Task<BioproxyProcess> StartProxyAsync(Uri backend, string slots, CancellationToken stop)
    {
        await File.WriteAllTextAsync(Path.Combine(_folder.FullName, "code.txt"), _template.Text, stop);
        var configuration = new JsonObject
        {
            ["backend_url"] = backend.ToString(),
            ["prefixes"] = new JsonObject { ["@code"] = "code.txt" },
            ["kv"] = new JsonObject { ["directory"] = slots },
        };
        return await BioproxyProcess.StartAsync(_folder, configuration, (options.ProxyPort, options.AdminPort), stop);
    }

    /// <summary>Leaves the first act running until the user stops it or bioproxy ends.</summary>
    public async Task StayAsync(CancellationToken stop)
    {
        var body = ChatClient.Body("@code How do I sort a list?");
        Console.WriteLine(
            $"""

            Everything is still running. Try it in another terminal (random weights answer nonsense, but at the right time):

              curl -N {_proxy!.Address}v1/chat/completions -H 'Content-Type: application/json' -d '{body}'

              curl {_proxy.Admin}status

            Ctrl+C ends the demo and removes its files.
            """);
        while (!_proxy.HasExited)
            await Task.Delay(TimeSpan.FromSeconds(1), stop);
        throw new InvalidOperationException("bioproxy has ended unexpectedly.");
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            if (_second is not null)
                await _second.DisposeAsync();
            if (_proxy is not null)
                await _proxy.DisposeAsync();
        }
        finally
        {
            try
            {
                if (_server is not null)
                    await _server.DisposeAsync();
            }
            finally
            {
                _folder.Delete(recursive: true);
            }
        }
    }

    /// <summary>The number of the model instance: it counts the process lifetimes of llama-server.</summary>
    private static int Instance(JsonNode status) => status["backend"]!["instance"]!.GetValue<int>();

    private static JsonNode Template(JsonNode status) => status["templates"]![0]!;

    private static bool IsWarm(JsonNode status) => Template(status)["warm"]!.GetValue<bool>();

    private static bool IsWarmOrFailed(JsonNode status) =>
        IsWarm(status) || Template(status)["state"]!.GetValue<string>() is "failed" or "not_cacheable" or "computed";

    private static string Tail(string name, string? log) =>
        string.IsNullOrEmpty(log) ? "" : $"\nThe last lines of {name}:\n  {string.Join("\n  ", log.Split('\n').TakeLast(20))}\n";
}
