namespace Bioproxy.UnitTests.Fleet;

/// <summary>One schedule sent to one fleet, from its start to its end.</summary>
internal sealed record FleetRun(IReadOnlyList<FleetResult> Results, FleetWorld World, string Story, int ResidentAtTheEnd)
{
    /// <summary>Runs it with one thread, in virtual time.</summary>
    public static async Task<FleetRun> RunAsync(int seed, int arrivals)
    {
        using var one = await SoleWorker.CreateAsync().ConfigureAwait(false);
        return await Task.Run(() => OnPoolAsync(seed, arrivals)).ConfigureAwait(false);
    }

    private static async Task<FleetRun> OnPoolAsync(int seed, int arrivals)
    {
        var fleet = new Fleet(seed);
        var starvation = new FleetStarvation(fleet);
        var clients = new FleetClients(fleet, starvation);
        var watch = new FleetWatch(fleet, clients, starvation);
        var running = SendAsync(fleet, clients, new FleetSchedule(seed, arrivals).Requests);
        var steps = await FleetClock.RunAsync(fleet.Time, running, watch.Look).ConfigureAwait(false);
        var results = await running.ConfigureAwait(false);
        watch.LookAtTheEnd();
        var disposing = fleet.DisposeAsync().AsTask();
        await FleetClock.RunAsync(fleet.Time, disposing, static () => { }).ConfigureAwait(false);
        await disposing.ConfigureAwait(false);
        var story = string.Join(
            ", ",
            results.CountBy(static result => result).OrderBy(static one => one.Key).Select(static one => $"{one}")
                .Concat(fleet.World.Counts));
        return new FleetRun(
            results,
            fleet.World,
            $"{story}, {steps} steps, {fleet.Time.GetUtcNow():HH:mm:ss.fff}, longest wait {starvation.LongestWait}",
            fleet.PoolServers.Resident);
    }

    private static async Task<FleetResult[]> SendAsync(Fleet fleet, FleetClients clients, IReadOnlyList<FleetRequest> requests)
    {
        await fleet.StartAsync().ConfigureAwait(false);
        using var stopping = new CancellationTokenSource();
        var chaos = new FleetChaos(fleet).RunAsync(stopping.Token);
        var began = fleet.Time.GetUtcNow();
        var running = new List<Task<FleetResult>>();
        foreach (var request in requests)
        {
            if (began + request.At - fleet.Time.GetUtcNow() is var pause && pause > TimeSpan.Zero)
                await Task.Delay(pause, fleet.Time).ConfigureAwait(false);
            running.Add(clients.RunAsync(request));
        }

        var all = await Task.WhenAll(running).ConfigureAwait(false);
        await stopping.CancelAsync().ConfigureAwait(false);
        await chaos.ConfigureAwait(false);

        // Whatever is done in the background has been done by then.
        await Task.Delay(TimeSpan.FromSeconds(30), fleet.Time).ConfigureAwait(false);
        return all;
    }
}
