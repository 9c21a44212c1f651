using Bioproxy.Doubles;
using Bioproxy.Host.Configuration;

namespace Bioproxy.IntegrationTests;

/// <summary>A proxy before two models of one architecture with different weights, of which one is loaded at a time: by a router, by a
/// llama-swap, or by the pool.</summary>
internal sealed class TwoModels : IAsyncDisposable
{
    private readonly Workspace _workspace;
    private readonly SwapServer? _server;

    private TwoModels(Workspace workspace, SwapServer? server, TestProxy proxy) =>
        (_workspace, _server, Proxy) = (workspace, server, proxy);

    public static IReadOnlyList<string> Names { get; } = ["alpha", "beta"];

    public TestProxy Proxy { get; }

    public static async Task<TwoModels> StartAsync(string kind, Workspace workspace)
    {
        if (kind != "pool")
        {
            var server = await SwapServer.StartAsync(kind, workspace);
            return new TwoModels(workspace, server, await workspace.StartProxyAsync(server.Address, o => Saving(o) with
            {
                Backends = [new BackendOptions("swap", server.Address) { Kind = server.Kind, SlotDirectory = workspace.Slots }],
            }));
        }

        var llamaServer = await LlamaServerBinary.RequireAsync();
        Directory.CreateDirectory(workspace.PathOf("models"));
        foreach (var name in Names)
            File.Copy(TinyModel.Ensure(TinyArchitecture.Llama, SwapServer.SeedOf(name), TinySize.Small), FileOf(workspace, name));
        return new TwoModels(workspace, null, await workspace.StartProxyAsync(new Uri("http://127.0.0.1:9"), o => Saving(o) with
        {
            Pool = new PoolOptions
            {
                Models =
                [
                    .. Names.Select(name => new PoolModelOptions(name)
                    {
                        Command =
                        [
                            llamaServer, "-m", FileOf(workspace, name), "--port", CommandLineText.Port,
                            "--slot-save-path", CommandLineText.Slots, "-c", "16384", "-np", "2", "-t", "1",
                        ],
                    }),
                ],
                MaxLoaded = 1,
                MinLoaded = TimeSpan.Zero,
                Ports = PoolStage.SomePorts(),
            },
        }));
    }

    /// <summary>Other weights of the same shape under the same file name, for the next time it is loaded.</summary>
    public void Replace(string name, int seed)
    {
        var copy = FileOf(_workspace, $"{name}-new");
        File.Copy(TinyModel.Ensure(TinyArchitecture.Llama, seed, TinySize.Small), copy);
        File.Move(copy, FileOf(_workspace, name), overwrite: true);
    }

    public Task<Answer> AskAsync(string name, params (string Role, string Content)[] messages)
    {
        var body = ChatProbe.FirstTokenBody(ChatProbe.Chat(messages));
        body["model"] = name;
        return Proxy.SendAsync(body, CancellationToken.None);
    }

    public async ValueTask DisposeAsync()
    {
        await Proxy.DisposeAsync();
        if (_server is not null)
            await _server.DisposeAsync();
    }

    private static string FileOf(Workspace workspace, string name) => Path.Combine(workspace.PathOf("models"), $"{name}.gguf");

    private static ProxyOptions Saving(ProxyOptions options) => options with
    {
        KvMinTokens = 128,
        KvSave = SaveMode.Always,
        KvIdleSave = TimeSpan.FromHours(1), // only what makes room for another is saved
    };
}
