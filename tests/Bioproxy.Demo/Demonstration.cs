using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Bioproxy.Doubles;

namespace Bioproxy.Demo;

/// <summary>
/// The demo: a llama-server without a proxy answers cold; Bioproxy is started and warms the template; llama-server
/// is stopped and started again; Bioproxy answers the same question.
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

    public bool IsShown { get; private set; }

    /// <summary>The last log lines of the processes that the demo started, for error messages.</summary>
    public string Logs => Tail("bioproxy", _proxy?.Log) + Tail("llama-server", _server?.Log);

    /// <summary>Runs the demo and prints its table.</summary>
    /// <returns>Whether the warm answer reused what it should.</returns>
    public async Task<bool> ShowAsync(CancellationToken stop)
    {
        var model = await StepAsync("making a model with random weights", () => Task.Run(
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
        _server = await StepAsync("starting llama-server", () => LlamaServer.StartAsync(serverOptions, stop));

        // Not through the proxy: it would start to warm the template before it could be asked cold.
        var templateTokens = await ChatClient.CountTokensAsync(_server.BaseAddress, _template.Beginning, stop);
        var cold = await StepAsync(
            string.Create(CultureInfo.InvariantCulture,
                $"asking llama-server directly, cold: a template of {templateTokens:N0} tokens and a question"),
            () => ChatClient.AskAsync(_server.BaseAddress, _template.Expand(Question), stop));

        _proxy = await StepAsync("starting bioproxy", () => BioproxyProcess.StartAsync(
            _folder, _template.Text, _server.BaseAddress, slots, options, stop));
        var status = await StepAsync("waiting until @code is warm and saved to disk", () => _proxy.UntilAsync(
            IsWarmOrFailed, WarmUpLimit, "the template did not become warm", stop));
        if (!IsWarm(status))
            throw new InvalidOperationException($"The warm-up failed: {Template(status)["problem"]}");

        var before = Instance(status);
        await StepAsync("stopping llama-server and starting it again", async () =>
        {
            await _server.StopAsync();
            _server = await _server.RestartAsync(cancellationToken: stop);
            return await _proxy.UntilAsync(
                s => Instance(s) > before && s["backend"]!["identity"] is not null && IsWarm(s),
                NoticeLimit,
                "bioproxy did not recognise the model again",
                stop);
        });
        var warm = await StepAsync(
            "asking through bioproxy: @code and the question", () => ChatClient.AskAsync(_proxy.Address, $"@code {Question}", stop));

        var reuse = warm.Reused / (double)templateTokens;
        Print(cold, warm, reuse);
        IsShown = true;
        return reuse >= LeastReuse;
    }

    /// <summary>Leaves everything running until the user stops it or bioproxy ends.</summary>
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

    private static void Print(Answer cold, Answer warm, double reuse)
    {
        Console.WriteLine();
        Row("", "time to first token", "reused (cache_n)", "computed (prompt_n)");
        Row("llama-server alone, cold", Seconds(cold.FirstToken), Number(cold.Reused), Number(cold.Computed));
        Row("bioproxy, after llama-server's restart", Seconds(warm.FirstToken), Number(warm.Reused), Number(warm.Computed));
        Console.WriteLine();
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{cold.FirstToken / warm.FirstToken:0} times sooner; {Math.Min(1, reuse):P1} of the template came from disk "
            + $"(X-Bioproxy-Cache: {warm.Cache ?? "missing"})."));
        if (reuse < LeastReuse)
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"That is less than {LeastReuse:P0}: something is wrong."));

        static void Row(string what, string time, string reused, string computed) =>
            Console.WriteLine($"{what,-40}{time,20}{reused,20}{computed,22}");
        static string Seconds(TimeSpan time) => string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0.000} s");
        static string Number(int tokens) => tokens.ToString("N0", CultureInfo.InvariantCulture);
    }

    private static async Task<T> StepAsync<T>(string what, Func<Task<T>> step)
    {
        Console.Write($"  {what} … ");
        var started = Stopwatch.GetTimestamp();
        var result = await step();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{Stopwatch.GetElapsedTime(started).TotalSeconds:0.0} s"));
        return result;
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
