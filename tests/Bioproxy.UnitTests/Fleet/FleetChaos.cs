namespace Bioproxy.UnitTests.Fleet;

/// <summary>What happens to the servers of a fleet without the proxy's doing: they crash, and come back, at
/// times with other weights.</summary>
internal sealed class FleetChaos(Fleet fleet)
{
    public async Task RunAsync(CancellationToken stopping)
    {
        while (!stopping.IsCancellationRequested)
        {
            await Task.Delay(fleet.World.Milliseconds(2_000, 12_000), fleet.Time, stopping)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (stopping.IsCancellationRequested)
                return;
            switch (fleet.World.Next(0, 5))
            {
                case 0 when fleet.Desk.Process is { } process:
                    Crash(process);
                    _ = RestartAsync();
                    break;
                case 1 or 2:
                    var server = fleet.World.Next(0, 2) == 0 ? fleet.RouterServer : fleet.SwapServer;
                    if (server.Models.FirstOrDefault(static model => model.Process is not null)?.Process is { } loaded)
                        Crash(loaded);
                    break;
                case 3 when fleet.PoolServers.Models.Values.Select(static model => model.Process).FirstOrDefault(
                    static process => process is not null) is { } pooled:
                    Crash(pooled);
                    fleet.PoolServers.Crashes[pooled]();
                    break;
            }
        }
    }

    private void Crash(SimulatedProcess process)
    {
        fleet.World.Add(process.Requests > 0 ? "crashes at work" : "crashes");
        process.Die();
    }

    private async Task RestartAsync()
    {
        await Task.Delay(fleet.World.Milliseconds(50, 6_000), fleet.Time).ConfigureAwait(false);
        fleet.StartDesk(withOtherWeights: fleet.World.Next(0, 3) == 0);
    }
}
