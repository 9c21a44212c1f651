using System.Text.Json.Nodes;
using Bioproxy.Doubles;
using Bioproxy.Host.Dashboard.History;
using Bioproxy.Host.Models.Snapshots;
using Bioproxy.IntegrationTests;
using Xunit.Abstractions;

namespace Bioproxy.DashboardTests;

/// <summary>A llama-server, the proxy in front of it, and two templates.</summary>
internal sealed class Stage : IAsyncDisposable
{
    private readonly Workspace _workspace;

    private Stage(Workspace workspace, LlamaServer server, TestProxy proxy) => (_workspace, Server, Proxy) = (workspace, server, proxy);

    public LlamaServer Server { get; }

    public TestProxy Proxy { get; private set; }

    /// <summary>Where the proxy keeps past requests.</summary>
    public string HistoryFile => Path.Combine(new StateFolder(Proxy.App.Options).Path, RequestHistory.FileName);

    public Uri Address => Proxy.App.AdminAddress;

    public static async Task<Stage> OpenAsync(
        ITestOutputHelper output, TinySize size = TinySize.Small, int slots = 4, int templateTokens = 1500)
    {
        Directory.CreateDirectory(Path.Combine(AppContext.BaseDirectory, "plugins")); // beside the program; searched at every start
        var workspace = new Workspace(output);
        try
        {
            workspace.UseModel(size: size);
            workspace.AddTemplate("@code", TemplateText.Of(1, templateTokens));
            workspace.AddTemplate("@review", TemplateText.Of(2, templateTokens));
            var server = await workspace.StartServerAsync(
                workspace.ServerOptions(slots) with { ContextSize = 4096 * slots, BatchSize = 128, Alias = "tiny" });
            var proxy = await workspace.StartProxyAsync(server);
            proxy.Client.DefaultRequestHeaders.UserAgent.ParseAdd("OpenAI/2.0");
            await proxy.WaitUntilWarmAsync("@code");
            await proxy.WaitUntilWarmAsync("@review");
            return new Stage(workspace, server, proxy);
        }
        catch
        {
            await workspace.DisposeAsync();
            throw;
        }
    }

    /// <summary>Stops the proxy, and starts another one on the same ports and the same state.</summary>
    /// <param name="between">What happens while there is none.</param>
    public async Task RestartProxyAsync(Func<Task>? between = null)
    {
        var (proxyPort, adminPort) = (Proxy.App.ProxyAddress.Port, Proxy.App.AdminAddress.Port);
        await Proxy.DisposeAsync();
        if (between is not null)
            await between();
        Proxy = await _workspace.StartProxyAsync(Server, options => options with { ProxyPort = proxyPort, AdminPort = adminPort });
    }

    public static JsonObject Chat(int tokens, params (string Role, string Content)[] messages) => new()
    {
        ["model"] = "tiny",
        ["max_tokens"] = tokens,
        ["ignore_eos"] = true,
        ["temperature"] = 0,
        ["messages"] = new JsonArray([.. messages.Select(one => new JsonObject { ["role"] = one.Role, ["content"] = one.Content })]),
    };

    public Task<Answer> AskAsync(string message, int tokens = 4) =>
        Proxy.SendAsync(Chat(tokens, ("user", message)), CancellationToken.None);

    /// <summary>Begins a stream and reads it in the background; ends with the test.</summary>
    public async Task StreamAsync(string message, int tokens, CancellationToken cancellationToken, string client = "demo-agent/1.0")
    {
        var chat = Chat(tokens, ("user", message));
        chat["stream"] = true;
        using var request = TestProxy.Request(chat);
        request.Headers.UserAgent.ParseAdd(client);
        try
        {
            using var response = await Proxy.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            await response.Content.ReadAsStringAsync(cancellationToken);
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException or IOException)
        {
            // It was cancelled.
        }
    }

    public ValueTask DisposeAsync() => _workspace.DisposeAsync();
}
