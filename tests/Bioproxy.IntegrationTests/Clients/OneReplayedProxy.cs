using Bioproxy.Doubles;

namespace Bioproxy.IntegrationTests.Clients;

/// <summary>One proxy, in this process.</summary>
internal sealed class OneReplayedProxy(Workspace workspace) : IReplayedProxies
{
    private LlamaServer? _server;
    private TestProxy? _proxy;

    public async Task StartAsync(LlamaServerOptions options)
    {
        _server = await workspace.StartServerAsync(options);
        await StartProxyAsync();
    }

    public Uri Next() => _proxy!.App.ProxyAddress;

    public Task WaitUntilIdleAsync() => _proxy!.WaitUntilIdleAsync();

    public async Task RestartAsync(bool server, bool proxies)
    {
        await _proxy!.WaitUntilAllSavedAsync();
        await _proxy.WaitUntilPreamblesWarmAsync();
        if (proxies)
            await _proxy.DisposeAsync();
        var before = proxies ? -1 : _proxy.Instance;
        if (server)
            _server = await workspace.RestartAsync(_server!);
        if (proxies)
            await StartProxyAsync();
        else
            await _proxy.WaitUntilRecognisedAsync(before);
    }

    public async ValueTask DisposeAsync()
    {
        if (_proxy is not null)
            await _proxy.DisposeAsync();
    }

    private async Task StartProxyAsync()
    {
        _proxy = await workspace.StartProxyAsync(_server!, options => options with
        {
            KvIdleSave = TimeSpan.FromMilliseconds(200),
            KvMinTokens = 256,
        });
        await _proxy.WaitUntilRecognisedAsync();
    }
}
