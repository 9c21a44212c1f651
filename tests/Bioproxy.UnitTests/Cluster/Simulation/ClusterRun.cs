using Bioproxy.Doubles;
using Bioproxy.UnitTests.Fleet;

namespace Bioproxy.UnitTests.Cluster.Simulation;

/// <summary>One run of the simulation, from its start until nothing is under way any more.</summary>
internal sealed class ClusterRun : IDisposable
{
    private const int Proxies = 3;
    private const int Conversations = 8;
    private static readonly TimeSpan Quiet = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(5);

    private readonly string _folder = Directory.CreateDirectory(Path.Combine(
        Directory.Exists("/dev/shm") ? "/dev/shm" : Path.GetTempPath(), $"bioproxy-cluster-{Guid.NewGuid():n}")).FullName;
    private readonly TestClock _time = new();
    private readonly TaskCompletionSource _enough = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly SimulatedCluster _cluster;
    private readonly ClusterClients _clients;
    private readonly int _steps;
    private int _taken;

    private ClusterRun(int seed, int steps)
    {
        _steps = steps;
        World = new FleetWorld(_time, seed, Directory.CreateDirectory(Path.Combine(_folder, "slots")).FullName);
        _cluster = new SimulatedCluster(World, _folder, seed, Proxies);
        _clients = new ClusterClients(_cluster);
        (Seed, HasKeys) = (seed, seed % 3 != 0);
    }

    public int Seed { get; }

    public FleetWorld World { get; }

    /// <summary>Some clients have keys.</summary>
    public bool HasKeys { get; }

    public int Steps => _taken;

    public int Requests => _clients.Requests;

    /// <summary>What happened.</summary>
    public string Story =>
        $"seed {Seed}: {string.Join(", ", World.Counts)}, {Steps} steps, {Requests} requests, {_time.GetUtcNow():HH:mm:ss.fff}";

    /// <summary>Runs one after the other, with one thread, in virtual time.</summary>
    /// <param name="seeds">The seeds.</param>
    /// <param name="steps">The steps of each, until nothing new happens.</param>
    /// <param name="hidesWeights">The server looks the same whatever its weights are.</param>
    public static async Task<IReadOnlyList<ClusterRun>> RunAsync(IEnumerable<int> seeds, int steps, bool hidesWeights = false)
    {
        using var one = await SoleWorker.CreateAsync().ConfigureAwait(false);
        var runs = new List<ClusterRun>();
        foreach (var seed in seeds)
            runs.Add(await Task.Run(() => OnPoolAsync(seed, steps, hidesWeights)).ConfigureAwait(false));
        return runs;
    }

    public void Dispose()
    {
        _cluster.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private static async Task<ClusterRun> OnPoolAsync(int seed, int steps, bool hidesWeights)
    {
        var run = new ClusterRun(seed, steps) { _cluster = { Server = { HidesWeights = hidesWeights } } };
        await FleetClock.RunAsync(run._time, run.PlayAsync(), run.Look).ConfigureAwait(false);
        return run;
    }

    /// <summary>Before each step, when nothing moves.</summary>
    private void Look()
    {
        if (++_taken >= _steps)
            _enough.TrySetResult();
        foreach (var proxy in _cluster.Alive)
        {
            var view = proxy.Model.Queue.View;
            if (view is { UsersWaiting: > 0 } && view.Used < view.Capacity)
                World.Violate($"{proxy.Name} lets somebody wait for nothing: {view}");
        }
    }

    private async Task PlayAsync()
    {
        using var stopping = new CancellationTokenSource();
        var chaos = new ClusterChaos(_cluster).RunAsync(stopping.Token);
        var random = new Random(World.Next(0, int.MaxValue));
        List<Conversation> conversations =
            [.. Enumerable.Range(0, Conversations).Select(number => new Conversation(number, HasKeys ? $"key {number % 2}" : null))];
        var asking = new List<Task>();
        while (!_enough.Task.IsCompleted)
        {
            await _cluster.PauseAsync(0, 500).ConfigureAwait(false);
            for (var i = World.Next(0, 40); i > 0; i--)
                _cluster.Hub.DeliverOne(random);
            var proxies = _cluster.Alive.ToList();
            var idle = conversations.Where(static one => !one.IsAsking).ToList();
            if (idle.Count == 0)
                continue;
            TimeSpan? leaves = World.Next(0, 5) == 0 ? World.Milliseconds(1, World.Next(2, 6_000)) : null;
            asking.Add(_clients.AskAsync(idle[World.Next(0, idle.Count)], proxies[World.Next(0, proxies.Count)], leaves));
        }

        await stopping.CancelAsync().ConfigureAwait(false);
        await chaos.ConfigureAwait(false);
        _cluster.IsBad = false;
        await Task.WhenAny(Task.WhenAll(asking), Task.Delay(Longest, _time)).ConfigureAwait(false);
        await Task.Delay(Quiet, _time).ConfigureAwait(false);
        _cluster.Hub.DeliverAll();
        foreach (var proxy in _cluster.Alive.Where(static proxy => proxy.Model.Current.HasSlots))
            await proxy.Model.Current.Watcher.PollAsync(CancellationToken.None).ConfigureAwait(false); // what it saw last may be old
        LookAtTheEnd();
        await GoOnAsync(conversations).ConfigureAwait(false);
        foreach (var proxy in _cluster.Alive.ToList())
            await proxy.DisposeAsync().ConfigureAwait(false);
    }

    private void LookAtTheEnd()
    {
        if (_clients.Waiting > 0)
            World.Violate($"{_clients.Waiting} requests wait for ever");
        if (_cluster.Owners.Count() > 1)
            World.Violate("two proxies own the server");
        foreach (var proxy in _cluster.Alive)
        {
            if (proxy.Model.Queue.View is { Used: > 0 } or { UsersWaiting: > 0 } or { WarmUpWaiting: > 0 })
                World.Violate($"{proxy.Name} kept {proxy.Model.Queue.View}");
            if (proxy.Model.Current.Table.View().Any(static slot => slot.IsBusy))
                World.Violate($"{proxy.Name} has a busy slot");
            if (proxy.Scheduling is { Turns: > 0 } owner)
                World.Violate($"{proxy.Name} knows {owner.Turns} turns");
            if (proxy.Link.Held > 0 || proxy.Link.Ending > 0)
                World.Violate($"{proxy.Name} holds {proxy.Link.Held} turns, and tells the end of {proxy.Link.Ending}");
            foreach (var held in proxy.Store.All.Where(snapshot => proxy.Store.Describe(snapshot).IsInUse))
                World.Violate($"{proxy.Name} holds {held.File}");
        }
    }

    /// <summary>Each conversation goes on, from proxy to proxy; the second turn finds the first one's state.</summary>
    private async Task GoOnAsync(List<Conversation> conversations)
    {
        if (!_cluster.Server.IsUp)
            World.Violate("the server is down");
        var proxies = _cluster.Alive.ToList();
        if (proxies.Count < Proxies)
            World.Violate($"there are {proxies.Count} proxies");
        foreach (var (number, conversation) in conversations.Index())
        {
            var before = "";
            for (var turn = 0; turn < 2; turn++)
            {
                while (turn == 0 && conversation.Turn > 5)
                    conversation.Continue();
                var (result, cached) = await _clients.AskAsync(conversation, proxies[(number + turn) % proxies.Count], null)
                    .ConfigureAwait(false);
                await Task.Delay(TimeSpan.FromSeconds(2), _time).ConfigureAwait(false); // the owner has heard of the end
                if (result != FleetResult.Served)
                    World.Violate($"a conversation that goes on is {result}");
                else if (turn == 1 && cached == 0)
                    World.Violate($"a conversation that goes on through another proxy is computed anew: {before} -> {_clients.LastAbout}");
                before = _clients.LastAbout;
            }
        }
    }
}
