using System.Text;
using System.Text.Json.Nodes;
using Bioproxy.Doubles;
using Bioproxy.Host.Configuration;

namespace Bioproxy.IntegrationTests;

/// <summary>A server with two models of one architecture and different weights, one of which is loaded at a time.</summary>
internal sealed class SwapServer : IAsyncDisposable
{
    private readonly LlamaServer? _router;
    private readonly LlamaSwapDouble? _swap;

    private SwapServer(LlamaServer? router, LlamaSwapDouble? swap) => (_router, _swap) = (router, swap);

    public IReadOnlyList<string> Models { get; } = ["alpha", "beta"];

    public Uri Address => _router?.BaseAddress ?? _swap!.BaseAddress;

    public int RouterProcess => _router!.ProcessId;

    /// <summary>The router is found out, llama-swap has to be configured.</summary>
    public BackendKind Kind => _router is not null ? BackendKind.Auto : BackendKind.LlamaSwap;

    public static async Task<SwapServer> StartAsync(string kind, Workspace workspace)
    {
        var folder = Directory.CreateDirectory(workspace.PathOf("models")).FullName;
        File.Copy(TinyModel.Ensure(TinyArchitecture.Llama, 1, TinySize.Small), Path.Combine(folder, "alpha.gguf"));
        File.Copy(TinyModel.Ensure(TinyArchitecture.Llama, 2, TinySize.Small), Path.Combine(folder, "beta.gguf"));
        var options = workspace.ServerOptions(parallel: 2) with { ModelPath = null };
        if (kind == "router")
        {
            var arguments = options with { ExtraArguments = ["--models-dir", folder, "--models-max", "1"] };
            return new SwapServer(await workspace.StartServerAsync(arguments), null);
        }

        return new SwapServer(null, LlamaSwapDouble.Start(new Dictionary<string, LlamaServerOptions>
        {
            ["alpha"] = options with { ModelPath = Path.Combine(folder, "alpha.gguf"), Alias = "alpha" },
            ["beta"] = options with { ModelPath = Path.Combine(folder, "beta.gguf"), Alias = "beta" },
        }));
    }

    public static int SeedOf(string model) => model == "alpha" ? 1 : 2;

    /// <summary>What is or was loaded.</summary>
    public async Task<IReadOnlyList<string>> LoadedAsync()
    {
        if (_swap is not null)
            return [.. _swap.Loads];
        var list = JsonNode.Parse(await _router!.Client.GetStringAsync(new Uri("/v1/models", UriKind.Relative)).DefaultTimeout())!;
        return
        [
            .. list["data"]!.AsArray().Where(model => (string)model!["status"]!["value"]! != "unloaded")
                .Select(model => (string)model!["id"]!),
        ];
    }

    /// <summary>Has the router load or unload a model, beside the proxy.</summary>
    public async Task ChangeAsync(string what, string model)
    {
        using var body = new StringContent($$"""{"model":"{{model}}"}""", Encoding.UTF8, "application/json");
        using var response = await _router!.Client.PostAsync(new Uri($"/models/{what}", UriKind.Relative), body).DefaultTimeout();
        Assert.True(response.IsSuccessStatusCode);
    }

    public ValueTask DisposeAsync() => _swap?.DisposeAsync() ?? ValueTask.CompletedTask;
}
