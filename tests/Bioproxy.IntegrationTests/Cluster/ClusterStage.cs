using Bioproxy.Cluster;
using Bioproxy.Cluster.Messages;
using Bioproxy.ClusterProcess;
using Bioproxy.Doubles;
using Microsoft.Extensions.Logging;
using Xunit.Abstractions;

namespace Bioproxy.IntegrationTests.Cluster;

/// <summary>A Redis and the proxies of one test: in this process, or as processes that can be killed.</summary>
internal sealed class ClusterStage(ITestOutputHelper output) : IAsyncDisposable
{
    /// <summary>A silo that was refused tries again, later each time.</summary>
    private static readonly TimeSpan JoinLimit = TimeSpan.FromSeconds(60);

    private readonly List<ClusterNode> _nodes = [];
    private readonly List<ServerProcess> _processes = [];
    private readonly string _name = "test-" + Guid.NewGuid().ToString("N")[..8];
    private readonly ILoggerFactory _logs = LoggerFactory.Create(static builder => builder.SetMinimumLevel(LogLevel.Information));

    public RedisServer Redis { get; } = new();

    /// <summary>What the clusters of this process's proxies asked of them.</summary>
    public LogTail Events { get; } = new(4000);

    public static TurnRequest Turn(ClusterNode node) => new() { Turn = Guid.NewGuid(), Proxy = node.Name };

    public static async Task WhenAsync(Func<bool> condition, string message) =>
        await Eventually.TrueAsync(condition, JoinLimit, message);

    public async Task<(ClusterNode Node, FakeClusterHost Host)> StartAsync(
        string servers, Action<FakeClusterHost>? prepare = null, Func<ClusterOptions, ClusterOptions>? change = null)
    {
        var advertise = $"127.0.0.1:{FreePort.Next()}";
        var host = new FakeClusterHost(advertise, servers.Split(','), Events);
        prepare?.Invoke(host);
        var options = new ClusterOptions(Redis.Address, _name, advertise);
        var node = new ClusterNode(change?.Invoke(options) ?? options, host, _logs, TimeProvider.System);
        _nodes.Add(node);
        await node.StartAsync(CancellationToken.None).DefaultTimeout();
        if (Redis.IsRunning) // joining may take longer than a start waits
            await WhenAsync(
                () => node.Problem is null && host.Servers.Except(host.Refuses.Keys).All(server => node.LinkTo(server).Owner is not null),
                $"{advertise} has joined, and knows who schedules its servers");
        return (node, host);
    }

    /// <summary>A proxy in a process of its own, in the cluster when this returns.</summary>
    /// <param name="servers">What it has in its configuration.</param>
    /// <param name="take">The server of which it takes a turn, if any.</param>
    public async Task<(ServerProcess Process, string Name)> StartProcessAsync(string servers, string? take = null)
    {
        var advertise = $"127.0.0.1:{FreePort.Next()}";
        var program = Path.Combine(AppContext.BaseDirectory, "Bioproxy.ClusterProcess.dll");
        string[] arguments = [program, Redis.Address, _name, advertise, servers];
        var process = ServerProcess.Start("dotnet", take is null ? arguments : [.. arguments, take]);
        _processes.Add(process);
        await process.Log.WhenWrittenAsync($"{advertise} started").DefaultTimeout();
        if (take is not null) await process.Log.WhenWrittenAsync($"{advertise} holds").DefaultTimeout();
        return (process, advertise);
    }

    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(_nodes.Select(static node => node.DisposeAsync().AsTask())).DefaultTimeout();
        foreach (var process in _processes)
        {
            output.WriteLine(process.Log.ToString());
            await process.DisposeAsync();
        }

        await Redis.DisposeAsync();
        _logs.Dispose();
        output.WriteLine(Events.ToString());
    }
}
