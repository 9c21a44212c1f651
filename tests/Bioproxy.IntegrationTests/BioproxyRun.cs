using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Bioproxy.Doubles;
using Xunit.Abstractions;

namespace Bioproxy.IntegrationTests;

/// <summary>The program in its own process, with clients for both of its ports. On disposal its output goes to the test's output.</summary>
internal sealed partial class BioproxyRun : IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private readonly ServerProcess _process;
    private readonly ITestOutputHelper _output;

    private BioproxyRun(ServerProcess process, ITestOutputHelper output)
    {
        _process = process;
        _output = output;
        Client = new HttpClient(new SocketsHttpHandler
        {
            UseProxy = false,
            ResponseDrainTimeout = TimeSpan.Zero
        })
        { BaseAddress = Address(ProxyLine()), Timeout = Limit };
        Admin = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = Address(AdminLine()), Timeout = Limit };
        Admin.DefaultRequestHeaders.Authorization = new("Bearer", AdminKey);
    }

    /// <summary>For admin ports that are not on loopback.</summary>
    public const string AdminKey = "bp-of-the-tests";

    /// <summary>Talks to the proxy's port.</summary>
    public HttpClient Client { get; }

    /// <summary>Talks to the admin port.</summary>
    public HttpClient Admin { get; }

    /// <summary>The output so far.</summary>
    public string Said => _process.Log.ToString();

    public int Id => _process.Id;

    public bool HasExited => _process.HasExited;

    public int Saves => SavedLine().Count(Said);

    /// <summary>Starts it; returns when it listens.</summary>
    /// <param name="configFile">Its configuration.</param>
    /// <param name="output">The test's output.</param>
    /// <param name="wrapper">A program that starts it, with arguments; empty for none.</param>
    public static Task<BioproxyRun> StartAsync(string configFile, ITestOutputHelper output, params string[] wrapper) =>
        StartProgramAsync([.. wrapper, HostOutput.Program, "--config", configFile], output);

    /// <summary>Starts a program that is installed somewhere; returns when it listens.</summary>
    public static async Task<BioproxyRun> StartProgramAsync(string[] line, ITestOutputHelper output)
    {
        var process = ServerProcess.Start(line[0], line[1..]);
        try
        {
            await Eventually.TrueAsync(
                () => !process.HasExited
                    ? AdminLine().IsMatch(process.Log.ToString())
                    : throw new InvalidOperationException($"it ended:\n{process.Log}"), Limit, "the program listens");
            return new BioproxyRun(process, output);
        }
        catch
        {
            await process.DisposeAsync();
            throw;
        }
    }

    public bool HasSaid(string text) => Said.Contains(text, StringComparison.Ordinal);

    public Task WaitUntilItSaysAsync(string text) => Eventually.TrueAsync(() => HasSaid(text), Limit, $"it says '{text}'");

    public Task WaitUntilRecognisedAsync() => WaitUntilItSaysAsync("was recognised as fingerprint");

    /// <summary>Waits until it has saved this many conversations.</summary>
    public Task WaitUntilSavedAsync(int count) => Eventually.TrueAsync(() => Saves >= count, Limit, $"{count} conversations are saved");

    public Task<Answer> SendAsync(JsonObject chat) => TestProxy.SendAsync(Client, TestProxy.Request(chat), CancellationToken.None);

    public async Task<JsonNode> StatusAsync() =>
        JsonNode.Parse(await Admin.GetStringAsync(new Uri("/status", UriKind.Relative)).DefaultTimeout())!;

    /// <summary>SIGKILL.</summary>
    public Task KillAsync() => _process.KillAsync().DefaultTimeout();

    /// <summary>SIGTERM.</summary>
    /// <returns>Its exit code.</returns>
    public Task<int> StopAsync()
    {
        _process.Terminate();
        return _process.WaitForExitAsync().DefaultTimeout();
    }

    public async ValueTask DisposeAsync()
    {
        await _process.DisposeAsync();
        _output.WriteLine($"---- bioproxy\n{Said}");
        Client.Dispose();
        Admin.Dispose();
    }

    private Uri Address(Regex line) => new(line.Match(Said).Groups[1].Value);

    [GeneratedRegex(@"listens on (\S+) for")]
    private static partial Regex ProxyLine();

    [GeneratedRegex(@"status are on (\S+)")]
    private static partial Regex AdminLine();

    [GeneratedRegex("Saved a conversation")]
    private static partial Regex SavedLine();
}
