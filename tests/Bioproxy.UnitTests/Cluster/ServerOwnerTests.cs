using Bioproxy.Cluster.Messages;
using Bioproxy.Doubles;
using Bioproxy.Host.Backends;
using Bioproxy.Host.Cluster;
using Bioproxy.Host.Models;
using Bioproxy.Host.Models.Slots;
using Bioproxy.UnitTests.Models;
using Bioproxy.UnitTests.PromptTests;
using Microsoft.Extensions.Logging.Abstractions;

namespace Bioproxy.UnitTests.Cluster;

/// <summary>A proxy that owns a server and one that does not: the same model, two slots.</summary>
public sealed class ServerOwnerTests : IAsyncDisposable
{
    private const string Guest = "10.0.0.2:11111";

    private static readonly string A = ModelFixture.Text('a');
    private static readonly string B = ModelFixture.Text('b');

    private readonly ModelFixture _owning = new();
    private readonly ModelFixture _asking = new();
    private readonly DirectLink _link = new();
    private readonly SharedServer _shared;
    private readonly ServerOwner _owner;

    public ServerOwnerTests()
    {
        _shared = new SharedServer("10.0.0.9:8081", "10.0.0.1:11111", new DirectLink());
        _shared.Add(_owning.Model);
        _owning.Model.ShareWith(new RemoteModel(_shared, _owning.Model, TimeProvider.System));
        _owner = new ServerOwner(_shared, NullLogger<ServerOwner>.Instance);
        _shared.Take(_owner);
        _link.Target = _owner;
        var there = new SharedServer("10.0.0.9:8081", Guest, _link);
        there.Add(_asking.Model);
        _asking.Model.ShareWith(new RemoteModel(there, _asking.Model, TimeProvider.System));
    }

    public async ValueTask DisposeAsync()
    {
        await _owning.DisposeAsync();
        await _asking.DisposeAsync();
    }

    [Fact]
    public async Task Guest_Takes_OwnerPlacesAndSettles()
    {
        await StartAsync();
        await RunAsync(A);

        var (lease, placement) = await TakeAsync(A + "more");

        Assert.Equal(PromptSource.Hot, placement.Plan.Source);
        Assert.Equal(_owning.Table.View().Single(slot => slot.IsBusy).Id, placement.Slot);
        Assert.Equal(1, _owning.Queue.View.Used);
        Assert.Equal(0, _asking.Queue.View.Used);
        await EndAsync(lease, placement, A + "more", cached: A.Length / 4);
        _owning.AssertNothingIsOwned();
    }

    [Fact]
    public async Task Guest_DoesNotLookAtTheServerItself()
    {
        await StartAsync();

        Assert.False(_asking.Model.Current.HasSlots);
        Assert.Empty(_asking.Api.Calls);
    }

    [Fact]
    public async Task Guest_LeavesTheOwnersQueue_NothingIsLeftBehind()
    {
        await StartAsync();
        var (first, _) = await TakeAsync(A);
        var (second, _) = await TakeAsync(B);
        using var leaving = new CancellationTokenSource();
        using var prompt = TestPrompts.Of("waiting");
        var waiting = _asking.Model.AcquireAsync(new(Lane.Interactive, 1) { Prompt = prompt }, leaving.Token).AsTask();
        Assert.Equal(1, _owning.Queue.View.InteractiveWaiting);

        await leaving.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting.DefaultTimeout());
        Assert.Equal(0, _owning.Queue.View.InteractiveWaiting);
        first.Release();
        second.Release();
        await IdleAsync();
        Assert.Equal(2, _link.Ended.Count);
    }

    [Fact]
    public async Task Guest_OwnerRefuses_GetsTheQueuesAnswer()
    {
        await using var full = new ModelFixture(options => options with { QueueMaxLength = 0 }, slots: 1);
        var shared = new SharedServer("s", "p", new DirectLink());
        shared.Add(full.Model);
        full.Model.ShareWith(new RemoteModel(shared, full.Model, TimeProvider.System));
        var owner = new ServerOwner(shared, NullLogger<ServerOwner>.Instance);
        shared.Take(owner);
        _link.Target = owner;
        await full.StartAsync();
        var held = await full.Queue.AcquireAsync(new(Lane.Interactive, 1), default);

        var grant = await _asking.Model.AcquireAsync(new(Lane.Interactive, 1), default);

        Assert.Null(grant.Lease);
        Assert.Equal(QueueRefusal.Full, grant.Refusal);
        Assert.True(grant.RetryAfter > TimeSpan.Zero);
        held.Lease!.Release();
    }

    [Fact]
    public async Task Guest_NoOwner_ServerChoosesAndReusesNothing()
    {
        await StartAsync();
        _link.Target = null;
        using var prompt = TestPrompts.Of(A);

        var grant = await _asking.Model.AcquireAsync(new(Lane.Interactive, 1) { Prompt = prompt }, default);
        var turn = new ModelTurn();
        turn.Begin(_asking.Model.Current, grant.Lease!);
        var placement = await turn.PlaceAsync(prompt, null, default);

        Assert.True(placement.ForbidsReuse);
        Assert.Null(placement.Slot);
        Assert.False(placement.IsManaged);
        await turn.EndAsync(default, e => Assert.Fail(e.ToString()));
        Assert.Equal(0, _asking.Queue.View.Used);
    }

    [Fact]
    public async Task Proxy_Dies_ItsTurnsEndWhenTheirSlotsAreIdle()
    {
        await StartAsync();
        var (_, mine) = await TakeAsync(A);
        _owning.Api.Begin(mine.Slot!.Value);

        _owner.Lost("10.0.0.3:11111");
        Assert.Equal(1, _owning.Queue.View.Used);
        _owner.Lost(Guest);
        Assert.Equal(1, _owning.Queue.View.Used); // it is still being computed

        _owning.Api.Run(mine.Slot!.Value, 100);
        await IdleAsync();
        Assert.Null(_owning.Table.ContentOf(mine.Slot.Value)); // nobody knows what it left there
    }

    [Fact]
    public async Task Adopted_Turn_CountsAndItsSlotIsNotGivenAway()
    {
        await StartAsync();
        var turn = Guid.NewGuid();

        _owner.Adopt(Guest, [new HeldTurn { Turn = turn, Lane = (int)Lane.Interactive, Slot = 0 }]);
        _owner.Adopt(Guest, [new HeldTurn { Turn = turn, Lane = (int)Lane.Interactive, Slot = 0 }]); // told twice

        Assert.Equal(1, _owning.Queue.View.Used);
        var (lease, placement) = await TakeAsync(B);
        Assert.NotEqual(0, placement.Slot);
        await EndAsync(lease, placement, B, left: 1);
        _owner.End(turn, new TurnOutcome { IsComplete = true });
        await IdleAsync();
        Assert.Null(_owning.Table.ContentOf(0));
    }

    [Fact]
    public async Task GivenUp_Server_IsNotScheduledHereAnyMore()
    {
        await StartAsync();
        var (lease, _) = await TakeAsync(A);

        await _owner.DisposeAsync();

        Assert.False(_owning.Model.IsOwned);
        Assert.False(_owning.Model.Current.HasSlots);
        Assert.True((await _owner.TakeAsync(new TurnRequest { Turn = Guid.NewGuid(), Proxy = Guest }, default)).IsUnknown);
        lease.Release();
        await IdleAsync();
    }

    [Fact]
    public async Task Estimate_OfAHotPrompt_IsSooner()
    {
        await StartAsync();
        await RunAsync(A);
        using var hot = TestPrompts.Of(A);
        using var cold = TestPrompts.Of(B);

        var (known, unknown) = (
            await _asking.Model.Owner!.EstimateAsync(hot, Lane.Interactive, 1, default),
            await _asking.Model.Owner.EstimateAsync(cold, Lane.Interactive, 1, default));

        Assert.True(known!.Value.Prompt < unknown!.Value.Prompt);
        Assert.True(known.Value.HasSlots);
    }

    [Fact]
    public async Task NewOwner_PromptOfAKeyWhereTheServerChooses_ReusesNothing()
    {
        _owning.RunBefore(); // through the owner before this one: whose prompts that were is not known
        await StartAsync();
        using var prompt = TestPrompts.Of(A, domain: "key");

        var grant = await _asking.Model.AcquireAsync(new(Lane.Interactive, 1) { Prompt = prompt, Domain = "key" }, default);

        Assert.Null(grant.Lease!.Remote!.Placement.Slot);
        Assert.True(grant.Lease.Remote.Placement.ForbidsReuse);
        grant.Lease.Release();
        await IdleAsync();
    }

    private async Task StartAsync()
    {
        await _owning.StartAsync();
        await _asking.CheckAsync();
    }

    private async Task RunAsync(string text)
    {
        var (lease, placement) = await TakeAsync(text);
        await EndAsync(lease, placement, text);
    }

    private async Task<(Lease Lease, Placement Placement)> TakeAsync(string text)
    {
        using var prompt = TestPrompts.Of(text);
        var grant = await _asking.Model.AcquireAsync(new(Lane.Interactive, 1) { Prompt = prompt }, default).AsTask().DefaultTimeout();
        Assert.NotNull(grant.Lease?.Remote);
        return (grant.Lease, grant.Lease.Remote.Placement);
    }

    private async Task EndAsync(Lease lease, Placement placement, string text, int cached = 0, int left = 0)
    {
        _owning.Api.Run(placement.Slot ?? 0, text.Length / 4);
        lease.Remote!.Started();
        lease.Remote.End(
            new WorkOutcome(IsComplete: true, IsStreaming: true, new PromptTimings(cached, (text.Length / 4) - cached, 0), 1));
        lease.Release();
        await IdleAsync(left);
    }

    private Task IdleAsync(int left = 0) => Eventually.TrueAsync(
        () =>
        {
            _owning.Clock.Advance(TimeSpan.FromSeconds(1));
            return _owning.Queue.View.Used == left;
        },
        TimeSpan.FromSeconds(10),
        "the leases are back at the owner");
}
