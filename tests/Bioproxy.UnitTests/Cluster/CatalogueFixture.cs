namespace Bioproxy.UnitTests.Cluster;

/// <summary>Proxies in front of one slot folder.</summary>
internal sealed class CatalogueFixture : IDisposable
{
    private readonly string _base = Directory.CreateTempSubdirectory("bioproxy-test-").FullName;
    private readonly List<CatalogueProxy> _all = [];

    public CatalogueFixture() => Slots = Directory.CreateDirectory(Path.Combine(_base, "slots")).FullName;

    public FakeHub Hub { get; } = new();

    public string Slots { get; }

    public IEnumerable<string> SlotFiles => Directory.GetFiles(Slots).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal);

    /// <param name="name">Its name.</param>
    /// <param name="ahead">How far its clock is ahead.</param>
    /// <param name="seesFolder">Whether it reaches the slot folder.</param>
    public CatalogueProxy Add(string name, TimeSpan ahead = default, bool seesFolder = true)
    {
        var time = new FakeTimeProvider(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero) + ahead);
        var proxy = new CatalogueProxy(Hub, _base, name, seesFolder ? Slots : null, time);
        _all.Add(proxy);
        return proxy;
    }

    public void Advance(TimeSpan by)
    {
        foreach (var proxy in _all)
            proxy.Time.Advance(by);
    }

    public void Dispose()
    {
        foreach (var proxy in _all)
            proxy.Dispose();
        Directory.Delete(_base, recursive: true);
    }
}
