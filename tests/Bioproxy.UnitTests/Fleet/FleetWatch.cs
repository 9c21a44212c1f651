using Bioproxy.Host.Models;
using Bioproxy.Host.Models.Slots;

namespace Bioproxy.UnitTests.Fleet;

/// <summary>What must hold at every moment in which nothing moves, and what must hold at the end.</summary>
internal sealed class FleetWatch(Fleet fleet, FleetClients clients, FleetStarvation starvation)
{
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

        starvation.Look();
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
