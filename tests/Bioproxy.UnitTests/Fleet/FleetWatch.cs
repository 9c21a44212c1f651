using Bioproxy.Host.Models;
using Bioproxy.Host.Models.Slots;

namespace Bioproxy.UnitTests.Fleet;

/// <summary>What must hold at every moment in which nothing moves, and what must hold at the end.</summary>
internal sealed class FleetWatch(Fleet fleet, FleetClients clients)
{
    /// <summary>Each of the models before it may be loaded, and saved before it goes, once.</summary>
    private static readonly TimeSpan PerModel = TimeSpan.FromSeconds(1) + Fleet.MaxSave + Fleet.MinLoaded;

    /// <summary>After crashes the pool waits for a while before it starts a model again.</summary>
    private static readonly TimeSpan PoolPauses = TimeSpan.FromSeconds(30);

    private const int Models = 3;

    private readonly Dictionary<string, TimeSpan> _longestUse = new(StringComparer.Ordinal);

    /// <summary>The longest wait for a model.</summary>
    public TimeSpan LongestWait { get; private set; }

    public void Look()
    {
        foreach (var model in fleet.Served)
            Look(model);
        if (fleet.PoolServers.Resident > 1)
            fleet.World.Violate($"the pool has {fleet.PoolServers.Resident} models");
        foreach (var server in new[] { fleet.RouterServer, fleet.SwapServer })
        {
            if (server.Models.Count(static model => model.Process is not null) is > 1 and var count)
                fleet.World.Violate($"{server.Kind} has {count} models");
        }

        var now = fleet.Time.GetTimestamp();
        foreach (var server in clients.Entrances.GroupBy(static one => one.Server))
            Look([.. server], now);
    }

    public void LookAtTheEnd()
    {
        Look();
        foreach (var model in fleet.Served)
        {
            if (model.Queue.View is { Used: > 0 } or { UsersWaiting: > 0 } or { WarmUpWaiting: > 0 })
                fleet.World.Violate($"{NameOf(model)} kept {model.Queue.View}");
            if (model.Current.Table.View().Any(static slot => slot.IsBusy))
                fleet.World.Violate($"{NameOf(model)} has a busy slot");
        }

        foreach (var held in fleet.Store.All.Where(snapshot => fleet.Store.Describe(snapshot).IsInUse))
            fleet.World.Violate($"{held.File} is held");
        foreach (var leased in fleet.Pool.Status.Where(static status => status.Leases > 0))
            fleet.World.Violate($"{leased.Name} has {leased.Leases} leases");
        foreach (var problem in clients.Audits.SelectMany(static audit => audit.Problems()))
            fleet.World.Violate(problem);
    }

    /// <summary>Whoever may use a model that another waits for is done some time; with the longest of them each model before it may be kept
    /// once.</summary>
    private void Look(List<FleetClients.Entrance> there, long now)
    {
        if (!there.Exists(static one => one.LetThrough is null))
            return;
        var server = there[0].Server;
        var longestUse = _longestUse[server] = there.Where(static one => one.LetThrough is not null)
            .Select(one => fleet.Time.GetElapsedTime(one.LetThrough!.Value, now)).Append(_longestUse.GetValueOrDefault(server)).Max();
        var waited = fleet.Time.GetElapsedTime(there.Where(static one => one.LetThrough is null).Min(static one => one.Since), now);
        LongestWait = waited > LongestWait ? waited : LongestWait;
        var most = Fleet.MaxWait + (Models * (longestUse + PerModel)) + (server == "pool" ? PoolPauses : TimeSpan.Zero);
        if (waited > most)
            fleet.World.Violate($"somebody waits for {waited.TotalSeconds:0.0} s at {server}, where {longestUse} is the longest use");
    }

    private void Look(ServedModel model)
    {
        var view = model.Queue.View;
        if (view.Used > Math.Max(view.Capacity, 4)) // the first capacity, before the model is known
            fleet.World.Violate($"{NameOf(model)} has {view}");
        if (view is { UsersWaiting: > 0 } && view.Used < view.Capacity)
            fleet.World.Violate($"{NameOf(model)} lets somebody wait for nothing: {view}");
    }

    private static string NameOf(ServedModel model) => $"{model.Backend.Name}/{model.Name}";
}
