using System.Text.Json.Nodes;
using Bioproxy.Doubles;
using Bioproxy.IntegrationTests.Clients;
using Xunit.Abstractions;

namespace Bioproxy.IntegrationTests.Cluster;

/// <summary>Three proxies before one server: each request goes to the next of them.</summary>
internal sealed class ReplayedGroup(ITestOutputHelper output, TinyArchitecture model) : IReplayedProxies
{
    private const int Proxies = 3;

    private ProxyGroup? _group;

    public async Task StartAsync(LlamaServerOptions options)
    {
        _group = await ProxyGroup.StartAsync(
            output,
            Proxies,
            servers: 1,
            model: model,
            size: TinySize.Tiny,
            server: own => options with { ModelPath = own.ModelPath, SlotSavePath = own.SlotSavePath },
            change: AskAnyModel);
    }

    public Uri Next() => _group!.Next().Client.BaseAddress!;

    public Task WaitUntilIdleAsync() => _group!.WaitUntilNothingIsHeldAsync();

    public async Task RestartAsync(bool server, bool proxies)
    {
        var group = _group!;
        var owner = group.Proxies[await group.OwnerOfAsync(group.Servers[0])];
        await SettleAsync(owner);
        if (proxies)
            Assert.All(await Task.WhenAll(group.Proxies.Select(static proxy => proxy.StopAsync())), static code => Assert.Equal(0, code));
        var before = proxies ? -1 : InstanceIn(await owner.StatusAsync());
        if (server)
            group.Servers[0] = await group.Workspace.RestartAsync(group.Servers[0]);
        if (proxies)
            await Task.WhenAll(Enumerable.Range(0, Proxies).Select(group.RestartAsync));
        else if (server)
            await Eventually.TrueAsync(
                async () => InstanceIn(await owner.StatusAsync()) > before, TimeSpan.FromSeconds(60), "the new instance is seen");
        await group.WaitUntilAllAreRecognisedAsync(Proxies);
    }

    public async ValueTask DisposeAsync()
    {
        if (_group is not null)
            await _group.DisposeAsync();
    }

    private static int InstanceIn(JsonNode status) => (int)status["backend"]!["instance"]!;

    /// <summary>Until nothing has been saved for a while, and all preambles are warm.</summary>
    private static async Task SettleAsync(BioproxyRun owner)
    {
        for (var quiet = 0; quiet < 8; quiet++)
        {
            var saves = owner.Saves;
            await Task.Delay(TimeSpan.FromMilliseconds(200));
            if (!TestProxy.ArePreamblesWarm(await owner.StatusAsync()) || owner.Saves != saves)
                quiet = -1;
        }
    }

    /// <summary>Each client names a model of its own.</summary>
    private void AskAnyModel(JsonObject configuration)
    {
        configuration["backend_url"] = (string)configuration["backends"]!["gpu0"]!["url"]!;
        configuration["kv"]!["directory"] = (string)configuration["backends"]!["gpu0"]!["slot_directory"]!;
        configuration["kv"]!["min_tokens"] = 256;
        configuration.Remove("backends");
        configuration.Remove("models");
    }
}
