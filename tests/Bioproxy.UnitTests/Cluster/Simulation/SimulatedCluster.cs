using Bioproxy.Cluster.Messages;
using Bioproxy.UnitTests.Fleet;

namespace Bioproxy.UnitTests.Cluster.Simulation;

/// <summary>
/// Three proxies before one server, and what lies between them: who owns the server as each of them sees it, and messages that come late,
/// twice, or not at all. As in the real cluster, a call that fails says nothing of whether it was made.
/// </summary>
internal sealed class SimulatedCluster : IDisposable
{
    public const int Slots = 3;

    private static readonly TimeSpan CallLimit = TimeSpan.FromSeconds(3);

    private readonly List<CatalogueProxy> _states = [];
    private readonly Dictionary<int, Activation?> _owners = []; // by side
    private readonly Dictionary<int, Activation> _strays = []; // by place: who still asks an earlier owner
    private readonly int[] _sides;
    private readonly HashSet<SimulatedProxy> _lost = [];

    public SimulatedCluster(FleetWorld world, string folder, int seed, int proxies)
    {
        World = world;
        Server = new SlotServer(world, Slots);
        Server.Start(1);
        _sides = new int[proxies];
        Proxies = new SimulatedProxy?[proxies];
        for (var place = 0; place < proxies; place++)
        {
            var state = new CatalogueProxy(Hub, folder, $"10.0.0.{place + 1}:11111", world.Slots, world.Time);
            _states.Add(state);
            state.Options = SimulatedProxy.OptionsOf(state.Options, seed);
            Start(place);
        }
    }

    public FleetWorld World { get; }

    public SlotServer Server { get; }

    public FakeHub Hub { get; } = new();

    /// <summary>By place; null while one is dead.</summary>
    public SimulatedProxy?[] Proxies { get; }

    public IEnumerable<SimulatedProxy> Alive => Proxies.OfType<SimulatedProxy>();

    /// <summary>Messages may get lost, doubled or late.</summary>
    public bool IsBad { get; set; } = true;

    /// <summary>All that schedule the server now.</summary>
    public IEnumerable<Activation> Owners => _owners.Values.Concat(_strays.Values).OfType<Activation>()
        .Where(static one => one.IsOwner).Distinct();

    public bool IsSplit => _sides.Distinct().Count() > 1;

    public Guid NextId() => new(World.Next(1, int.MaxValue), (short)World.Next(1, short.MaxValue), 1, 0, 0, 0, 0, 0, 0, 0, 0);

    /// <summary>A proxy starts, with what its state folder holds.</summary>
    public void Start(int place)
    {
        _states[place].Restart();
        _sides[place] = IsSplit ? World.Next(0, 2) : _sides.FirstOrDefault();
        Proxies[place] = new SimulatedProxy(this, place, _states[place]);
    }

    /// <summary>A proxy dies with all it knows; the others are told a while later.</summary>
    public async Task KillAsync(SimulatedProxy proxy)
    {
        Proxies[proxy.Place] = null;
        proxy.Die();
        await PauseAsync(2_000, 4_000).ConfigureAwait(false);
        Declare(proxy.Silo, proxy.Name, null);
        _lost.Add(proxy);
        await proxy.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>The server gets another owner, and nobody dies.</summary>
    public async Task MoveAsync()
    {
        foreach (var (side, owner) in _owners.ToList())
        {
            if (owner is not { IsOwner: true })
                continue;
            _owners[side] = null;
            await owner.Owned.DisposeAsync().ConfigureAwait(false);
        }
    }

    /// <summary>A second proxy becomes the owner while the first one still is, and some go on asking the first one.</summary>
    /// <returns>What ends it.</returns>
    public Func<Task>? Duplicate()
    {
        if (IsSplit || _strays.Count > 0 || _owners.GetValueOrDefault(_sides[0]) is not { IsOwner: true } first)
            return null;
        _strays[first.Proxy.Place] = first;
        var other = World.Next(0, Proxies.Length);
        _strays[other] = first;
        _owners[_sides[0]] = null;
        return async () =>
        {
            _strays.Clear();
            await first.Owned.DisposeAsync().ConfigureAwait(false);
        };
    }

    /// <summary>One proxy is cut off; a while later each side declares the other dead.</summary>
    public async Task SplitAsync(int place)
    {
        if (IsSplit || _strays.Count > 0)
            return;
        var side = _sides[place];
        var other = 1 - side;
        _sides[place] = other;
        var owner = _owners.GetValueOrDefault(side);
        (_owners[side], _owners[other]) = (owner, owner);
        await PauseAsync(2_000, 4_000).ConfigureAwait(false);
        if (!IsSplit || _sides[place] != other)
            return;
        foreach (var each in new[] { side, other })
        {
            if (_owners[each] is { } seen && _sides[seen.Proxy.Place] != each)
                _owners[each] = null;
        }

        foreach (var proxy in Alive.ToList())
            Declare(proxy.Silo, proxy.Name, 1 - _sides[proxy.Place]);
    }

    /// <summary>The network is whole again: the side that was given up joins with new silos, and gives its servers up.</summary>
    public async Task HealAsync()
    {
        if (!IsSplit)
            return;
        var small = _sides.GroupBy(static side => side).MinBy(static group => group.Count())!.Key;
        var rejoining = Alive.Where(proxy => _sides[proxy.Place] == small).ToList();
        foreach (var proxy in rejoining)
            proxy.IsJoined = false;
        if (_owners.GetValueOrDefault(small) is { } given)
            await given.Owned.DisposeAsync().ConfigureAwait(false);
        _owners[small] = null;
        for (var place = 0; place < _sides.Length; place++)
            _sides[place] = 1 - small;
        await PauseAsync(500, 2_000).ConfigureAwait(false);
        foreach (var proxy in rejoining)
            proxy.Rejoin();
    }

    /// <summary>A call to whoever schedules the server, as the caller sees it.</summary>
    /// <exception cref="TimeoutException">Nothing is known of it: it may have been made.</exception>
    public async Task<ServerReply> CallAsync(SimulatedProxy from, string what, Func<Activation, Task<ServerReply>> call)
    {
        var isLocal = OwnerSeenBy(from)?.Proxy == from;
        if (!isLocal)
            await TravelAsync(what).ConfigureAwait(false);
        if (!from.IsAlive)
            await Never<ServerReply>().ConfigureAwait(false);
        if (!from.IsJoined || OwnerSeenBy(from) is not { } owner)
            throw new TimeoutException("no owner");
        if (!owner.Proxy.IsAlive || _lost.Contains(owner.Proxy) || (_sides[owner.Proxy.Place] != _sides[from.Place]))
            await FailAsync(what).ConfigureAwait(false);
        if (!isLocal && IsBad && World.Next(0, 25) == 0)
            _ = AgainAsync(owner, what, call);
        var calling = call(owner);
        using var broken = CancellationTokenSource.CreateLinkedTokenSource(owner.Proxy.Died, from.LeftSilo);
        ServerReply reply;
        try
        {
            reply = await calling.WaitAsync(broken.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            await PauseAsync(2_000, 4_000).ConfigureAwait(false);
            throw new TimeoutException("the owner died");
        }

        if (!isLocal)
            await TravelAsync(what).ConfigureAwait(false);
        if (!from.IsAlive)
            await Never<ServerReply>().ConfigureAwait(false);
        return reply;
    }

    /// <summary>Some while.</summary>
    public Task PauseAsync(int least, int most) => Task.Delay(World.Milliseconds(least, most), World.Time);

    public void Dispose()
    {
        foreach (var state in _states)
            state.Dispose();
    }

    private static Task<T> Never<T>() => new TaskCompletionSource<T>().Task;

    private async Task AgainAsync(Activation owner, string what, Func<Activation, Task<ServerReply>> call)
    {
        World.Add("doubled messages");
        await PauseAsync(0, 1_500).ConfigureAwait(false);
        if (owner.IsOwner)
            await call(owner).ConfigureAwait(false);
    }

    private async Task TravelAsync(string what)
    {
        World.Add("messages");
        if (IsBad && World.Next(0, 25) == 0)
            await FailAsync(what).ConfigureAwait(false);
        await PauseAsync(0, IsBad && World.Next(0, 20) == 0 ? 600 : 3).ConfigureAwait(false);
    }

    private async Task FailAsync(string what)
    {
        World.Add("lost messages");
        await Task.Delay(CallLimit, World.Time).ConfigureAwait(false);
        throw new TimeoutException($"{what} got no answer");
    }

    private Activation? OwnerSeenBy(SimulatedProxy from)
    {
        if (_strays.GetValueOrDefault(from.Place) is { IsOwner: true } stray)
            return stray;
        var side = _sides[from.Place];
        var owner = _owners.GetValueOrDefault(side);
        if (owner is null || owner.Owned.IsReleased || _lost.Contains(owner.Proxy))
            _owners[side] = owner = Activate(side);
        return owner;
    }

    private Activation? Activate(int side)
    {
        var able = Alive.Where(proxy => _sides[proxy.Place] == side && proxy is { IsJoined: true, Owned: not { IsOwner: true } }).ToList();
        if (able.Count == 0)
            return null;
        World.Add("takes of the server");
        return able[World.Next(0, able.Count)].Own(NextId());
    }

    /// <param name="silo">The silo that is dead.</param>
    /// <param name="name">Its proxy.</param>
    /// <param name="side">Who is told; null for all.</param>
    private void Declare(SiloAddress silo, string name, int? side)
    {
        foreach (var owner in Owners.Where(owner => side is null || _sides[owner.Proxy.Place] == side).ToList())
            owner.Owned.Lost(silo, name);
    }
}
