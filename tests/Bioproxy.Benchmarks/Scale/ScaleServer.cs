using Bioproxy.Benchmarks.Routing;
using Bioproxy.Cluster.Servers;
using Bioproxy.Host.Cluster;
using Bioproxy.Host.Models;
using Bioproxy.Host.Requests;
using Microsoft.Extensions.Logging.Abstractions;

namespace Bioproxy.Benchmarks.Scale;

/// <summary>One server with one model, and its owner.</summary>
internal sealed class ScaleServer
{
    private readonly SharedServer _shared;

    public ScaleServer(string name, ServedModel model, SimulatedSlots slots, TimeProvider time)
    {
        (Name, Model, Slots) = (name, model, slots);
        _shared = new SharedServer(name, "", new NoLink());
        _shared.Add(model);
        model.ShareWith(new RemoteModel(_shared, model, time));
    }

    public string Name { get; }

    public ServedModel Model { get; }

    public SimulatedSlots Slots { get; }

    /// <summary>The proxy that owns it, by number.</summary>
    public int Owner { get; private set; } = -1;

    public ServerOwner? Scheduling { get; private set; }

    public OwnedServer? Owned { get; private set; }

    /// <summary>Those who wait in its queue.</summary>
    public List<ScaleJob> Waiting { get; } = [];

    /// <summary>A proxy becomes its owner, and knows its model.</summary>
    public async Task ActivateAsync(int proxy, ConversationTracker conversations)
    {
        Scheduling = new ServerOwner(_shared, NullLogger<ServerOwner>.Instance, conversations);
        _shared.Take(Scheduling);
        (Owner, Owned) = (proxy, new OwnedServer(Name, Scheduling));
        await Model.Current.Recognition.FirstAttempt.WaitAsync(TimeSpan.FromSeconds(30));
    }
}
