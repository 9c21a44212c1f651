using Bioproxy.Host.Models.Snapshots;
using Microsoft.Extensions.Logging.Abstractions;

namespace Bioproxy.UnitTests.Cluster;

/// <summary>File names, and what a proxy may conclude from the folder that it sees.</summary>
public sealed class SharedNamesTests : IDisposable
{
    private readonly CatalogueFixture _fixture = new();
    private readonly CatalogueProxy _one;
    private readonly CatalogueProxy _two;

    public SharedNamesTests() => (_one, _two) = (_fixture.Add("one"), _fixture.Add("two"));

    public void Dispose() => _fixture.Dispose();

    [Fact]
    public void TakeName_NamesWereFreed_NoneIsGivenOutTwiceAlsoAfterARestart()
    {
        var given = new HashSet<string>();
        for (var i = 0; i < 100; i++)
        {
            var name = _one.Store.TakeName();
            Assert.Matches("^bioproxy-[0-9a-f]{6}-[0-9a-f]{16}.bin$", name);
            Assert.True(given.Add(name));
            _one.Store.Discard(name);
            if (i % 10 == 0)
                _one.Restart();
        }
    }

    /// <summary>The proxy leaves the cluster; those that stay may still know its names.</summary>
    [Fact]
    public void TakeName_StateFolderWasInAClusterOnce_NamesAreStillNotReused()
    {
        var alone = new SnapshotStore(_one.Folder, _one.Options, _one.Time, NullLogger<SnapshotStore>.Instance);
        alone.Load();

        var name = alone.TakeName();
        alone.Discard(name);

        Assert.NotEqual(name, alone.TakeName());
    }

    [Fact]
    public void Reconcile_OrphansOfThisProxy_GoOnlyAfterItHasMetTheOthers()
    {
        var known = _one.Save("known");
        _fixture.Hub.DeliverAll();
        File.Delete(Path.Combine(_one.Folder.Snapshots, known.File + ".json")); // the others still know it
        var orphan = Write(_one.Store.TakeName());
        var foreign = Write(_two.Store.TakeName()); // is being saved right now

        _one.Restart();
        _one.Store.CleanUp();
        Assert.Contains(orphan, _fixture.SlotFiles);
        _fixture.Advance(TimeSpan.FromMinutes(6));
        _one.Store.CleanUp();

        Assert.Equal(new[] { known.File, foreign }.Order(StringComparer.Ordinal), _fixture.SlotFiles);
        Assert.Equal([known.File], _one.Files);
    }

    [Fact]
    public void Reconcile_FilesOfOthersAreMissing_OnlyOwnSnapshotsAreDropped()
    {
        var (mine, others, there) = (_one.Save("mine"), _two.Save("of the other"), _one.Save("there"));
        _fixture.Hub.DeliverAll();
        File.Delete(Path.Combine(_fixture.Slots, mine.File));
        File.Delete(Path.Combine(_fixture.Slots, others.File));

        _one.Restart();

        Assert.Equal(new[] { others.File, there.File }.Order(StringComparer.Ordinal), _one.Files);
    }

    [Fact]
    public void Reconcile_FolderIsNotMounted_NothingIsDroppedOrBelievedMissing()
    {
        var snapshot = _one.Save("text");
        _fixture.Hub.DeliverAll();
        _two.Options = _two.Options with { KvDirectory = Path.Combine(_fixture.Slots, "nowhere") };

        _two.Restart();

        Assert.True(_two.Store.HasFile(_two.Find(snapshot.File)!));
    }

    [Fact]
    public void ReportMissing_AnotherFolderUnderTheSamePath_IsOnlyNotUsedFromHere()
    {
        var (snapshot, second) = (_one.Save("text"), _one.Save("another"));
        _fixture.Hub.DeliverAll();
        _fixture.Advance(TimeSpan.FromHours(1));
        File.Delete(Path.Combine(_fixture.Slots, snapshot.File));
        File.Delete(Path.Combine(_fixture.Slots, second.File));

        _two.Store.ReportMissing(_two.Find(snapshot.File)!);

        Assert.NotNull(_two.Find(snapshot.File));
    }

    [Fact]
    public void ReportMissing_OtherFilesAreThere_IsQuarantinedButNotWhileItIsNew()
    {
        var (snapshot, _) = (_one.Save("text"), _one.Save("another"));
        _fixture.Hub.DeliverAll();
        File.Delete(Path.Combine(_fixture.Slots, snapshot.File));

        _two.Store.ReportMissing(_two.Find(snapshot.File)!);
        Assert.NotNull(_two.Find(snapshot.File));
        _fixture.Advance(TimeSpan.FromMinutes(3));
        _two.Store.ReportMissing(_two.Find(snapshot.File)!);

        Assert.Null(_two.Find(snapshot.File));
    }

    private string Write(string name)
    {
        File.WriteAllBytes(Path.Combine(_fixture.Slots, name), new byte[CatalogueProxy.Bytes]);
        return name;
    }
}
