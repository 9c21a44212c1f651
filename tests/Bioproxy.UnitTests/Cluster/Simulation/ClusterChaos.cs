using Bioproxy.UnitTests.Fleet;

namespace Bioproxy.UnitTests.Cluster.Simulation;

/// <summary>What happens to the proxies, to the network between them and to the server.</summary>
internal sealed class ClusterChaos(SimulatedCluster cluster)
{
    private readonly List<Task> _running = [];
    private readonly FleetWorld _world = cluster.World;

    public async Task RunAsync(CancellationToken stopping)
    {
        while (!stopping.IsCancellationRequested)
        {
            await Task.Delay(_world.Milliseconds(500, 4_000), _world.Time, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            _running.RemoveAll(static one => one.IsCompleted);
            if (!stopping.IsCancellationRequested && Next(stopping) is { } happening)
                _running.Add(happening);
        }

        await Task.WhenAll(_running).ConfigureAwait(false);
    }

    private Task? Next(CancellationToken stopping) => _world.Next(0, 10) switch
    {
        0 or 1 or 2 => MoveAsync(),
        3 or 4 => KillAsync(_world.Next(0, cluster.Proxies.Length)),
        5 => cluster.Owners.FirstOrDefault() is { } owner ? KillAsync(owner.Proxy.Place) : null,
        6 or 7 => DuplicateAsync(stopping),
        8 => SplitAsync(stopping),
        _ => RestartServerAsync(),
    };

    private Task MoveAsync()
    {
        _world.Add("moves");
        return cluster.MoveAsync();
    }

    private async Task KillAsync(int place)
    {
        if (cluster.Alive.Count() < 2 || cluster.Proxies[place] is not { } proxy)
            return;
        _world.Add(proxy.Owned is { IsOwner: true } ? "deaths of owners" : "deaths of others");
        var dying = cluster.KillAsync(proxy);
        await cluster.PauseAsync(1_000, 6_000).ConfigureAwait(false);
        cluster.Start(place);
        await dying.ConfigureAwait(false);
    }

    private async Task DuplicateAsync(CancellationToken stopping)
    {
        if (cluster.Duplicate() is not { } end)
            return;
        _world.Add("duplicates");
        await WhileAsync(_world.Milliseconds(500, 8_000), stopping).ConfigureAwait(false);
        await end().ConfigureAwait(false);
    }

    private async Task SplitAsync(CancellationToken stopping)
    {
        if (cluster.IsSplit)
            return;
        _world.Add("splits");
        var splitting = cluster.SplitAsync(_world.Next(0, cluster.Proxies.Length));
        await WhileAsync(_world.Milliseconds(1_000, 15_000), stopping).ConfigureAwait(false);
        await cluster.HealAsync().ConfigureAwait(false);
        await splitting.ConfigureAwait(false);
    }

    private async Task RestartServerAsync()
    {
        if (!cluster.Server.IsUp)
            return;
        _world.Add("restarts of the server");
        cluster.Server.Die();
        await cluster.PauseAsync(50, 4_000).ConfigureAwait(false);
        cluster.Server.Start(_world.Next(0, 3) == 0 ? 2 : 1);
    }

    private Task WhileAsync(TimeSpan time, CancellationToken stopping) => Done(Task.Delay(time, _world.Time, stopping));

    private static async Task Done(Task task) => await task.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
}
