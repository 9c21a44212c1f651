using Bioproxy.Host.Backends;
using Bioproxy.Host.Models.Snapshots;
using Bioproxy.UnitTests.PromptTests;
using NSubstitute;

namespace Bioproxy.UnitTests.Cluster;

/// <summary>All proxies call one model by one fingerprint, or find its snapshots under each.</summary>
public sealed class SharedFingerprintsTests : IDisposable
{
    private static readonly Dictionary<int, double> Model = new() { [13] = -0.25, [40] = -2.5 };
    private readonly CatalogueFixture _fixture = new();
    private readonly CatalogueProxy _one;
    private readonly CatalogueProxy _two;

    public SharedFingerprintsTests() => (_one, _two) = (_fixture.Add("one"), _fixture.Add("two"));

    public void Dispose() => _fixture.Dispose();

    [Fact]
    public async Task Probe_KnownToAnotherProxy_HasItsName()
    {
        var known = await ProbeAsync(_one, Model);
        _fixture.Hub.DeliverAll();

        Assert.Equal(known, await ProbeAsync(_two, Model));
        _two.Restart();
        Assert.Equal(known, await ProbeAsync(_two, Model));
    }

    [Fact]
    public async Task Probe_TheSameModelByTwoAtOnce_NeitherIsRenamedAndBothFindBoth()
    {
        var (first, second) = (await ProbeAsync(_one, Model), await ProbeAsync(_two, Model));
        Assert.NotEqual(first, second);
        _one.Store.Add(_one.Describe(_one.Store.TakeName(), "one") with { Fingerprint = first });
        _two.Store.Add(_two.Describe(_two.Store.TakeName(), "two") with { Fingerprint = second });

        _fixture.Hub.DeliverAll();

        foreach (var proxy in new[] { _one, _two })
        {
            foreach (var fingerprint in new[] { first, second })
            {
                Assert.NotNull(Find(proxy, "one", fingerprint));
                Assert.NotNull(Find(proxy, "two", fingerprint));
            }

            proxy.Restart();
            Assert.NotNull(Find(proxy, "one", second));
        }

        Assert.Equal(await ProbeAsync(_one, Model), await ProbeAsync(_two, Model)); // from the next recognition on
        Assert.Equal(string.CompareOrdinal(first, second) < 0 ? first : second, await ProbeAsync(_two, Model));
    }

    [Fact]
    public async Task Probe_OtherWeights_NeverFindEachOther()
    {
        var (first, second) = (await ProbeAsync(_one, Model), await ProbeAsync(_two, new() { [13] = -0.25, [40] = -2.8 }));
        _one.Store.Add(_one.Describe(_one.Store.TakeName(), "one") with { Fingerprint = first });
        _fixture.Hub.DeliverAll();

        Assert.NotNull(Find(_two, "one", first));
        Assert.Null(Find(_two, "one", second));
    }

    private static Snapshot? Find(CatalogueProxy proxy, string text, string fingerprint)
    {
        using var prompt = TestPrompts.Of(text + " goes on");
        return proxy.Store.Find(prompt, fingerprint, "").Whole;
    }

    private static async Task<string> ProbeAsync(CatalogueProxy proxy, Dictionary<int, double> model)
    {
        var api = Substitute.For<ISlotApi>();
        api.ProbeAsync(default!, default, default).ReturnsForAnyArgs(
            new BackendAnswer<IReadOnlyDictionary<int, double>>(model, 200, null, null, null));
        var record = await proxy.Fingerprints.ProbeAsync(api, new BackendFacts { Build = "b1" }, CancellationToken.None);
        return record!.Id;
    }
}
