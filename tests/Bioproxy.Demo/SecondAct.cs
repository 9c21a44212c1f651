using System.Diagnostics;
using System.Text.Json.Nodes;
using Bioproxy.Doubles;

namespace Bioproxy.Demo;

/// <summary>
/// Two models and room for one: a conversation with the first is interrupted by a question to the second, and goes on. Once with Bioproxy,
/// which starts the servers itself, and once with llama-servers that are stopped and started by hand.
/// </summary>
/// <param name="instruction">What the conversation begins with.</param>
/// <param name="first">The file of the first model.</param>
internal sealed class SecondAct(string instruction, string first) : IAsyncDisposable
{
    private const double LeastReuse = 0.95;
    private const string First = "first";
    private const string Second = "second";

    private static readonly int Threads = Math.Clamp(Environment.ProcessorCount, 1, 8);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("bioproxy-demo-");
    private readonly List<(string Role, string Content)> _conversation = [("user", instruction + "How do I reverse a string?")];
    private BioproxyProcess? _proxy;
    private LlamaServer? _server;

    /// <summary>The last log lines of the proxy and of the server that was started by hand.</summary>
    public (string? Proxy, string? Server) Logs => (_proxy?.Log, _server?.Log);

    /// <summary>Runs the act and prints its table.</summary>
    /// <returns>Whether the conversation came back.</returns>
    public async Task<bool> ShowAsync(CancellationToken stop)
    {
        var second = await DemoStep.RunAsync("making a second model", () => Task.Run(
            () => TinyModel.Ensure(TinyArchitecture.Llama, seed: 2, TinySize.Small), stop));
        var program = await LlamaServerBinary.RequireAsync();
        _proxy = await DemoStep.RunAsync(
            "starting bioproxy with a pool of two models, max_loaded: 1",
            () => BioproxyProcess.StartAsync(_folder, Configuration(program, second), default, stop));
        var begun = await DemoStep.RunAsync("a conversation with the first model", () => AskAsync(First, [.. _conversation], stop));
        _conversation.Add(("assistant", begun.Text));
        _conversation.Add(("user", "And a list?"));
        await DemoStep.RunAsync("a question to the second model", () => AskAsync(Second, [("user", "Hello!")], stop));
        var warm = await DemoStep.RunAsync("the conversation goes on", () => AskAsync(First, [.. _conversation], stop));
        await _proxy.DisposeAsync();

        var cold = await DemoStep.RunAsync("the same with llama-servers, stopped and started by hand", () => ByHandAsync(second, stop));
        var reuse = warm.Reused / (double)begun.PromptTokens;
        DemoTable.Print(
            ("llama-servers, models swapped by hand", cold),
            ("bioproxy with a pool, after that swap", warm));
        Console.WriteLine(
            $"{DemoTable.Times(cold, warm)}, swap included; {DemoTable.Percent(reuse)} of the conversation survived it "
            + $"(X-Bioproxy-Cache: {warm.Cache ?? "missing"}).");
        if (reuse < LeastReuse)
            Console.WriteLine($"That is less than {DemoTable.Percent(LeastReuse)}: something is wrong.");
        return reuse >= LeastReuse;
    }

    public async ValueTask DisposeAsync()
    {
        if (_proxy is not null)
            await _proxy.DisposeAsync();
        if (_server is not null)
            await _server.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    /// <summary>The last turn, with the time from the moment that the second model's server is told to stop.</summary>
    private async Task<Answer> ByHandAsync(string second, CancellationToken stop)
    {
        _server = await LlamaServer.StartAsync(OptionsOf(second), stop);
        await ChatClient.AskAsync(_server.BaseAddress, "Hello!", stop);
        var started = Stopwatch.GetTimestamp();
        await _server.StopAsync();
        _server = await _server.RestartAsync(OptionsOf(first), stop);
        var swapped = Stopwatch.GetElapsedTime(started);
        var answer = await ChatClient.SendAsync(_server.BaseAddress, ChatClient.Body(null, _conversation), stop);
        return answer with { FirstToken = swapped + answer.FirstToken };
    }

    private Task<Answer> AskAsync(string model, IReadOnlyList<(string Role, string Content)> messages, CancellationToken stop) =>
        ChatClient.SendAsync(_proxy!.Address, ChatClient.Body(model, messages), stop);

    private static LlamaServerOptions OptionsOf(string model) => new() { ModelPath = model, Parallel = 2, Threads = Threads };

    private JsonObject Configuration(string program, string second)
    {
        var port = FreePort.Next(2);
        return new JsonObject
        {
            ["pool"] = new JsonObject
            {
                ["models"] = new JsonObject { [First] = Model(first), [Second] = Model(second) },
                ["max_loaded"] = 1,
                ["min_loaded_seconds"] = 0,
                ["ports"] = $"{port}-{port + 1}",
            },
        };

        JsonObject Model(string file) => new()
        {
            ["command"] = $"'{program}' -m '{file}' --port ${{port}} --slot-save-path ${{slots}} -np 2 -c 16384 -t {Threads}",
        };
    }
}
