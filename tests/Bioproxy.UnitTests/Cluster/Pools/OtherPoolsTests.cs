using System.Net;
using Bioproxy.Cluster;
using Bioproxy.Cluster.Messages;
using Bioproxy.Doubles;
using Bioproxy.Host.Cluster.Pools;
using Bioproxy.Host.Configuration;
using Bioproxy.Host.Http;
using Bioproxy.Host.Models;
using Bioproxy.Host.Models.Slots;
using Bioproxy.Host.Requests;
using Bioproxy.Host.Routing;
using Bioproxy.UnitTests.Models;
using Microsoft.Extensions.Logging.Abstractions;

namespace Bioproxy.UnitTests.Cluster.Pools;

/// <summary>A proxy with one server of its own, and what it serves besides that as other proxies come and go.</summary>
public sealed class OtherPoolsTests : IAsyncDisposable
{
    private const string Other = "10.0.0.2:11111";

    private readonly ModelFixture _own = new(name: "desk");
    private readonly ModelDirectory _models;
    private readonly PoolCluster _cluster = new();
    private readonly OtherPools _pools;

    public OtherPoolsTests()
    {
        _models = new ModelDirectory([_own.Model]);
        var shared = new SharedState(
            _own.Options, _own.Store, _own.Context.Fingerprints, _own.Metrics, _own.Context.Uptime, _own.Clock, NullLoggerFactory.Instance);
        _pools = new OtherPools(_own.Options, _models, shared, _own.Clock, NullLoggerFactory.Instance);
    }

    public async ValueTask DisposeAsync()
    {
        await _pools.DisposeAsync();
        await _own.DisposeAsync();
    }

    [Fact]
    public async Task Models_OfAProxyThatComesLeavesAndReturns_FollowIt()
    {
        var heard = new List<ServedModel>();
        _models.Subscribe(heard.Add);
        await TakeAsync(Report("m1", "m2"));
        Assert.Equal(["desk"], Places()); // it may have told, and died since

        Meet(Other);
        await TakeAsync(Report("m1", "m2"));
        var met = _models.All;
        Assert.Equal(["desk", $"m1@{Other}", $"m2@{Other}"], Places());

        await TakeAsync(); // it did not answer in time
        Assert.Equal(3, _models.All.Count);
        await TakeAsync(Report("m2"));
        Assert.Equal(["desk", $"m2@{Other}"], Places());
        Meet();
        Assert.Equal(["desk"], Places());

        Meet(Other);
        await TakeAsync(Report("m1"));
        Assert.Same(met[1], _models.All[1]); // what was learned of it stays
        Assert.Empty(heard); // nothing is warmed or shared for it here
    }

    [Fact]
    public async Task Models_OfAProxyThatStopsOrMoves_AreNotAskedForAtTheOldPlace()
    {
        Meet(Other);
        await TakeAsync(Report("m1"));
        var old = _models.All[1];

        await TakeAsync(ReportAt("http://10.0.0.2:9/", "m1"));
        Assert.NotSame(old, _models.All[1]);
        await TakeAsync(new ProxyReport { Proxy = Other, Version = "", Configuration = "", Pool = Report("m1").Pool, IsDraining = true });

        Assert.Equal(["desk"], Places());
    }

    [Theory]
    [InlineData("http://localhost:8088/", Other, false)]
    [InlineData("http://localhost:8088/", "10.0.0.1:11112", true)]
    [InlineData("http://10.0.0.2:8088/", Other, true)]
    [InlineData("not an address", Other, false)]
    public async Task Models_OfAProxyThatCannotBeReached_AreNotThere(string address, string proxy, bool isReached)
    {
        Meet(proxy);
        await TakeAsync(ReportOf(proxy, address, "m1"));

        Assert.Equal(isReached, _models.All.Count == 2);
    }

    [Fact]
    public async Task State_IsWhatWasReported()
    {
        Meet(Other);
        await TakeAsync(Report("m1"));
        var model = _models.All[1];
        Assert.Equal(("unloaded", 3.0), (model.Backend.Loader!.State, model.LoadSeconds));
        Assert.False(model.IsOwned);

        var loaded = new PooledModelMessage { Name = "m1", State = "ready", Slots = 3, Context = 512, Meta = "n_params=7" };
        await TakeAsync(new ProxyReport
        {
            Proxy = Other,
            Version = "",
            Configuration = "",
            Pool = new PoolMessage { Address = "http://10.0.0.2:8088/", Models = [loaded] },
        });

        Assert.Equal(0, model.LoadSeconds);
        Assert.Equal((3, 512), (model.Current.State.Facts!.TotalSlots, model.Current.State.Facts.ContextPerSlot));
        Assert.False(model.Current.HasSlots); // its proxy's to manage
        Assert.Null(model.Current.State.Facts.Missing);
    }

    [Fact]
    public async Task Names_OfPoolsWithTheSameModel_AreThereOnce()
    {
        await _own.StartAsync();
        Meet(Other, "10.0.0.3:11111");
        await TakeAsync(Report("m1"), ReportOf("10.0.0.3:11111", "http://10.0.0.3:8088/", "m1", "m2"));
        var router = new ModelRouter(_models, _own.Options);

        Assert.Equal(["fake-model", "m1", "m2"], router.Names);
        Assert.Equal([$"m1@{Other}", "m1@10.0.0.3:11111"], Names(router.Route("m1", null, Lane.Interactive, 1)).Order());
        Assert.Equal("m1", router.NameOf("m1"));
    }

    [Fact]
    public async Task Route_EveryOtherName_IsStillTheOnlyServers()
    {
        await _own.StartAsync();
        var router = new ModelRouter(_models, _own.Options);
        Assert.Equal(["desk"], Names(router.Route("anything", null, Lane.Interactive, 1)));

        Meet(Other);
        await TakeAsync(Report("m1"));

        Assert.Equal(["desk"], Names(router.Route("anything", null, Lane.Interactive, 1)));
        Assert.Equal(["desk"], Names(router.Route(null, null, Lane.Interactive, 1)));
        Assert.Equal([$"m1@{Other}"], Names(router.Route("m1", null, Lane.Interactive, 1)));
    }

    [Fact]
    public async Task Route_ConfiguredName_UsesPoolsOfOtherProxies()
    {
        var options = _own.Options with { Models = [new ModelOptions("coder", [new ModelUse("m1", null)], ["gpt-*"])] };
        var router = new ModelRouter(_models, options);
        var missing = ModelsPage.NotFound("gpt-4", router);
        Assert.Equal((FailureKind.ModelNotLoaded, 503), (missing.Kind, missing.Status));

        Meet(Other);
        await TakeAsync(Report("m1", "m2"));

        Assert.Equal(["coder"], router.Names);
        Assert.Equal([$"m1@{Other}"], Names(router.Route("gpt-4", null, Lane.Interactive, 1)));
        Assert.Empty(router.Route("m2", null, Lane.Interactive, 1));
        Assert.Equal(404, ModelsPage.NotFound("m2", router).Status);
    }

    [Fact]
    public async Task Take_ProxyLeavesMeanwhile_FailsAndDoesNotWait()
    {
        Meet(Other);
        await TakeAsync(Report("m1"));
        var waiting = _models.All[1].AcquireAsync(new QueueEntry(Lane.Interactive, 1), default).AsTask();
        Assert.False(waiting.IsCompleted);

        Meet();

        var grant = await waiting.DefaultTimeout();
        Assert.Null(grant.Lease);
        Assert.Equal(FailureKind.BackendUnreachable, grant.Failure?.Kind);
        Assert.Contains(Other, grant.Failure!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Take_TurnIsGranted_ItsNumberIsTheWayIn()
    {
        Meet(Other);
        await TakeAsync(Report("m1"));
        _cluster.Link.Grants = new TurnAnswer { Placement = new PlacementMessage { IsManaged = true, Pin = 1 }, Weight = 1 };
        using var prompt = PromptTests.TestPrompts.Of("hello", domain: "key");

        var grant = await _models.All[1].AcquireAsync(new(Lane.Interactive, 1) { Prompt = prompt, Domain = "key" }, default);

        var asked = Assert.Single(_cluster.Link.Asked);
        Assert.Equal(($"pool@{Other}", "m1", "key"), (_cluster.Asked, asked.Model, asked.Domain));
        Assert.Equal($"{asked.Turn:n}", grant.Lease!.Remote!.Placement.Relay?.Turn);
    }

    [Fact]
    public async Task Estimate_OwnerIsSilent_TheReportCountsFirst_ThenItComesLast()
    {
        Meet(Other);
        await TakeAsync(Report("m1"));
        var owner = _models.All[1].Owner!;

        Assert.Null(await owner.EstimateAsync(null, Lane.Interactive, 1, default));
        Assert.True((await owner.EstimateAsync(null, Lane.Interactive, 1, default))!.Value.IsAway);
        _cluster.Link.Estimate = new TurnEstimate(1, 0, 0, 0, 0, false, true);

        Assert.False((await owner.EstimateAsync(null, Lane.Interactive, 1, default))!.Value.IsAway);
    }

    private void Meet(params string[] proxies) => _pools.Met([_cluster.Name, .. proxies]);

    private Task TakeAsync(params ProxyReport[] reports) => _pools.TakeAsync(reports, _cluster, default).DefaultTimeout();

    private string[] Places() => [.. _models.All.Select(static model => model.Backend.Name)];

    private static string[] Names(IReadOnlyList<RouteCandidate> candidates) =>
        [.. candidates.Select(static candidate => candidate.Model.Backend.Name)];

    private static ProxyReport Report(params string[] models) => ReportAt("http://10.0.0.2:8088/", models);

    private static ProxyReport ReportAt(string address, params string[] models) => ReportOf(Other, address, models);

    private static ProxyReport ReportOf(string proxy, string address, params string[] models) => new()
    {
        Proxy = proxy,
        Version = "",
        Configuration = "",
        Pool = new PoolMessage
        {
            Address = address,
            Models = [.. models.Select(static name => new PooledModelMessage { Name = name, State = "unloaded", LoadSeconds = 3 })],
        },
    };
}
