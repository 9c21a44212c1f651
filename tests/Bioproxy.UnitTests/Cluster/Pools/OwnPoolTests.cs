using Bioproxy.Host.Cluster.Pools;
using Bioproxy.Host.Configuration;
using Bioproxy.Host.Models;
using Bioproxy.UnitTests.Models;
using Microsoft.Extensions.Logging.Abstractions;

namespace Bioproxy.UnitTests.Cluster.Pools;

/// <summary>What a proxy tells the others of its pool.</summary>
public sealed class OwnPoolTests : IAsyncDisposable
{
    private const string Advertised = "10.0.0.1:11111";

    private readonly FakeModelLoader _loader = new();
    private readonly ModelFixture _pooled;
    private readonly ModelFixture _desk = new(name: "desk");
    private readonly ModelDirectory _models;

    public OwnPoolTests()
    {
        _pooled = new ModelFixture(name: "m1", loader: _loader, isPooled: true);
        _models = new ModelDirectory([_desk.Model, _pooled.Model]);
    }

    public async ValueTask DisposeAsync()
    {
        await _pooled.DisposeAsync();
        await _desk.DisposeAsync();
    }

    [Fact]
    public async Task Message_ModelsOfThePool_WithTheirStates()
    {
        var pool = Pool("10.0.0.1");
        Assert.Null(pool.Message); // it does not listen yet
        pool.ListensAt(new Uri("http://10.0.0.1:8088/"));
        var before = Assert.Single(pool.Message!.Models);
        await _pooled.StartAsync();

        var after = Assert.Single(pool.Message!.Models);

        Assert.Equal("http://10.0.0.1:8088/", pool.Message.Address);
        Assert.Equal(("m1", null), (before.Name, before.Slots));
        Assert.NotEqual("ready", before.State); // its slots are not known yet
        Assert.Equal(("m1", _loader.State, 2), (after.Name, after.State, after.Slots));
    }

    [Fact]
    public void Message_WithoutAPool_IsNone()
    {
        var pool = new OwnPool(Options("10.0.0.1") with { Pool = null }, _models, NullLogger<OwnPool>.Instance);
        pool.ListensAt(new Uri("http://localhost:8088/"));
        pool.Met(["10.0.0.2:11111"]);

        Assert.Null(pool.Message);
        Assert.Null(pool.Problem);
    }

    [Fact]
    public void Problem_OtherMachinesCannotReachIt_NamesTheKey_AsLongAsTheyAreThere()
    {
        var pool = Pool("localhost");
        pool.ListensAt(new Uri("http://localhost:8088/"));

        pool.Met([Advertised, "10.0.0.1:11112"]);
        Assert.Null(pool.Problem); // of the same machine
        pool.Met([Advertised, "10.0.0.2:11111"]);
        Assert.Contains("10.0.0.2:11111", pool.Problem, StringComparison.Ordinal);
        Assert.Contains("proxy_host", pool.Problem, StringComparison.Ordinal);
        pool.Met([Advertised]);
        Assert.Null(pool.Problem);
    }

    private OwnPool Pool(string host) => new(Options(host), _models, NullLogger<OwnPool>.Instance);

    private ProxyOptions Options(string host) => _desk.Options with
    {
        ProxyHost = host,
        Pool = new PoolOptions { Models = [new PoolModelOptions("m1")] },
        ClusterValues = new ClusterSettings { Redis = "r:1", Advertise = Advertised },
    };
}
