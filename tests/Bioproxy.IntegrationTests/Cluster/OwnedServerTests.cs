using System.Net;
using Bioproxy.Cluster.Messages;
using Bioproxy.Cluster.Servers;
using Bioproxy.ClusterProcess;
using Bioproxy.Doubles;
using Orleans.Runtime;

namespace Bioproxy.IntegrationTests.Cluster;

/// <summary>Calls that come twice, late or from the dead.</summary>
public sealed class OwnedServerTests : IAsyncLifetime
{
    private static readonly SiloAddress _silo = SiloAddress.New(IPAddress.Loopback, 1, 1);
    private static readonly SiloAddress _laterSilo = SiloAddress.New(IPAddress.Loopback, 1, 2);

    private readonly LogTail _events = new();
    private readonly FakeServerOwner _owner;
    private readonly OwnedServer _server;

    public OwnedServerTests()
    {
        _owner = new FakeServerOwner("owner", "s1", _events, static _ => { });
        _server = new OwnedServer("s1", _owner);
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Fact]
    public async Task Take_OfEndedTurn_IsNotGranted()
    {
        var turn = Turn("p");
        _server.End(turn.Turn, new TurnOutcome());
        Assert.Null(await _server.TakeAsync(_silo, turn).DefaultTimeout());
        Assert.Empty(_owner.Held);
    }

    [Fact]
    public async Task End_WhileItWaits_IsNotGrantedLater()
    {
        var (first, second) = (Turn("p"), Turn("p"));
        await _server.TakeAsync(_silo, first).DefaultTimeout();
        var waiting = _server.TakeAsync(_silo, second);
        await _events.WhenWrittenAsync($"asked for s1 {second.Turn}").DefaultTimeout();
        _server.End(second.Turn, new TurnOutcome());
        Assert.Null(await waiting.DefaultTimeout());
        _server.End(first.Turn, new TurnOutcome());
        Assert.NotNull(await _server.TakeAsync(_silo, Turn("p")).DefaultTimeout());
    }

    [Fact]
    public async Task Lost_ProxyThatIsBack_KeepsItsNewTurns()
    {
        var old = Turn("p");
        await _server.TakeAsync(_silo, old).DefaultTimeout();
        var fresh = _server.TakeAsync(_laterSilo, Turn("p"));
        _server.Lost(_silo, "p");
        Assert.NotNull(await fresh.DefaultTimeout());
        Assert.DoesNotContain(old.Turn, _owner.Held.Keys);
        Assert.Single(_owner.Held);
    }

    [Fact]
    public async Task Lost_ProxyThatWaits_EndsItsWaiting()
    {
        await _server.TakeAsync(_laterSilo, Turn("other")).DefaultTimeout();
        var waiting = _server.TakeAsync(_silo, Turn("p"));
        _server.Lost(_silo, "p");
        Assert.Null(await waiting.DefaultTimeout());
        Assert.Equal("other", Assert.Single(_owner.Held).Value);
    }

    [Fact]
    public async Task Adopt_OwnAndEndedTurns_AreNotAdopted()
    {
        var (own, ended) = (Turn("p"), Turn("p"));
        await _server.TakeAsync(_silo, own).DefaultTimeout();
        _server.End(ended.Turn, new TurnOutcome());
        var held = Guid.NewGuid();
        _server.Adopt(_silo, "p", [Held(own.Turn), Held(ended.Turn), Held(held)]);
        _server.Adopt(_silo, "p", [Held(held)]);
        Assert.Contains($"adopted {held} of p", _events.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain($"adopted {own.Turn}", _events.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain($"adopted {ended.Turn}", _events.ToString(), StringComparison.Ordinal);
        Assert.Equal(2, _owner.Held.Count);
    }

    [Fact]
    public async Task Dispose_TurnsThatWait_AreAskedElsewhere()
    {
        await _server.TakeAsync(_silo, Turn("p")).DefaultTimeout();
        var waiting = _server.TakeAsync(_silo, Turn("p"));
        await _server.DisposeAsync();
        Assert.Null(await waiting.DefaultTimeout());
        Assert.True(_server.IsReleased);
        Assert.Null(await _server.TakeAsync(_silo, Turn("p")).DefaultTimeout());
    }

    private static TurnRequest Turn(string proxy) => new() { Turn = Guid.NewGuid(), Proxy = proxy };

    private static HeldTurn Held(Guid turn) => new() { Turn = turn };
}
