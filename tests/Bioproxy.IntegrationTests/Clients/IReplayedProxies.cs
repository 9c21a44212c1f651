using Bioproxy.Doubles;

namespace Bioproxy.IntegrationTests.Clients;

/// <summary>What a replay goes through: one proxy before a server, or several that act as one.</summary>
internal interface IReplayedProxies : IAsyncDisposable
{
    /// <summary>Starts the server and what is before it; returns when the model is recognised.</summary>
    Task StartAsync(LlamaServerOptions options);

    /// <summary>Where the next request goes.</summary>
    Uri Next();

    /// <summary>Waits until no request is under way.</summary>
    Task WaitUntilIdleAsync();

    /// <summary>Restarts what is asked for once everything worth it is saved; returns when the model is recognised again.</summary>
    Task RestartAsync(bool server, bool proxies);
}
