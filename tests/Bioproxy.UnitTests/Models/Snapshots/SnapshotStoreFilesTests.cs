using Bioproxy.Doubles;
using Bioproxy.Host.Models.Snapshots;

namespace Bioproxy.UnitTests.Models.Snapshots;

/// <summary>File names, and the slot folder.</summary>
public sealed class SnapshotStoreFilesTests : IDisposable
{
    private readonly StoreFixture _fixture = new();

    public SnapshotStoreFilesTests() => _fixture.Options = _fixture.Options with { KvDirectory = _fixture.Slots };

    public void Dispose() => _fixture.Dispose();

    [Fact]
    public void TakeName_NamesAreFreeAgain_TheLowestIsGivenOutFirst()
    {
        var store = _fixture.Load();
        var (one, two, three) = (store.TakeName(), store.TakeName(), store.TakeName());
        Assert.Matches("^bioproxy-[0-9a-f]{6}-0001.bin$", one);
        Assert.Equal([Named(one, 2), Named(one, 3)], [two, three]);

        store.Discard(two);
        store.Discard(one);
        store.Discard(one); // it is not given out twice

        Assert.Equal([one, two, Named(one, 4)], [store.TakeName(), store.TakeName(), store.TakeName()]);
    }

    [Fact]
    public void Load_AnotherStart_KeepsTheMarkAndTheNamesTaken()
    {
        var first = _fixture.Load();
        first.TakeName();
        var two = first.TakeName();
        first.TakeName();
        foreach (var taken in new[] { two, first.TakeName(), "bioproxy-other1-0009.bin" })
            StoreFixture.Add(first, taken, $"text of {taken}");

        var again = _fixture.Load();

        Assert.Equal([Named(two, 1), Named(two, 3), Named(two, 5)], [again.TakeName(), again.TakeName(), again.TakeName()]);
    }

    [Fact]
    public void Load_MarkIsBroken_AnotherIsMadeAndKept()
    {
        File.WriteAllText(Path.Combine(_fixture.Folder.Path, "mark"), "../../x");

        var name = _fixture.Load().TakeName();

        Assert.Matches("^bioproxy-[0-9a-f]{6}-0001.bin$", name);
        Assert.Equal(name, _fixture.Load().TakeName());
    }

    [Fact]
    public void Discard_FolderIsReachable_DeletesTheFile()
    {
        var store = _fixture.Load();
        var name = store.TakeName();
        Write(name, 10);

        store.Discard(name);

        Assert.Empty(Directory.GetFiles(_fixture.Slots));
    }

    [Fact]
    public async Task Discard_FolderIsNotReachable_TheNameIsFreeWhenItsBytesAreGone()
    {
        var store = WithoutFolder();
        var name = store.TakeName();
        var before = "";
        var shrinker = new StoreFixture.Shrinker(_ => before = store.TakeName());
        store.Use("", shrinker);

        store.Discard(name);
        await store.WhenDiscarded().DefaultTimeout();

        Assert.Equal([name], shrinker.Files);
        Assert.Equal(Named(name, 2), before);
        Assert.Equal(name, store.TakeName());
    }

    [Fact]
    public async Task Discard_NoShrinkerIsRegisteredAnyMore_TheNameIsFreeAllTheSame()
    {
        var store = WithoutFolder();
        var shrinker = new StoreFixture.Shrinker();
        store.Use("", shrinker).Dispose();
        var name = store.TakeName();

        store.Discard(name);
        await store.WhenDiscarded().DefaultTimeout();

        Assert.Empty(shrinker.Files);
        Assert.Equal(name, store.TakeName());
    }

    [Fact]
    public async Task Discard_ShrinkerFails_TheNameIsFreeAllTheSame()
    {
        var store = WithoutFolder();
        store.Use("", new StoreFixture.Shrinker(_ => throw new InvalidOperationException("a bug")));
        var name = store.TakeName();

        store.Discard(name);
        await store.WhenDiscarded().DefaultTimeout();

        Assert.Equal(name, store.TakeName());
    }

    [Fact]
    public void Reconcile_FolderAndIndexDiffer_AgreeAfterwards()
    {
        var store = _fixture.Load();
        var (kept, missing, resized, orphan) = (store.TakeName(), store.TakeName(), store.TakeName(), store.TakeName());
        foreach (var name in new[] { kept, missing, resized })
            StoreFixture.Add(store, name, $"text of {name}");
        Write(kept, 70);
        Write(resized, 40);
        Write(orphan, 70);
        var left = new[] { "bioproxy-000000-0001.bin", "bioproxy-anything.bin", "chat.bin", $"{kept}.txt" };
        foreach (var foreign in left)
            Write(foreign, 5);
        store = _fixture.Load();

        store.Reconcile();

        Assert.Equal([kept], store.All.Select(s => s.File));
        Assert.Equal(
            left.Append(kept).Order(StringComparer.Ordinal),
            Directory.GetFiles(_fixture.Slots).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal));
        Assert.Equal([missing, resized, orphan], [store.TakeName(), store.TakeName(), store.TakeName()]);
    }

    [Fact]
    public void Reconcile_AllFilesMissing_IsTheWrongFolderAndNothingIsDropped()
    {
        var store = _fixture.Load();
        var orphan = store.TakeName();
        StoreFixture.Add(store, store.TakeName(), "one");
        StoreFixture.Add(store, store.TakeName(), "two");
        Write(orphan, 70);

        store.Reconcile();

        Assert.Equal(2, store.Count);
        Assert.True(File.Exists(Path.Combine(_fixture.Slots, orphan)));
    }

    [Fact]
    public void HasFile_FileOfTheSameSize_OrAFolderThatCannotBeReached()
    {
        var store = _fixture.Load();
        var snapshot = StoreFixture.Of(store.TakeName(), "text");
        Assert.False(store.HasFile(snapshot));
        Write(snapshot.File, 69);
        Assert.False(store.HasFile(snapshot));
        Write(snapshot.File, 70);

        Assert.True(store.HasFile(snapshot));
        Assert.True(WithoutFolder().HasFile(StoreFixture.Of("nowhere.bin", "text")));
    }

    private SnapshotStore WithoutFolder()
    {
        _fixture.Options = _fixture.Options with { KvDirectory = null };
        return _fixture.Load();
    }

    private void Write(string name, int bytes) => File.WriteAllBytes(Path.Combine(_fixture.Slots, name), new byte[bytes]);

    private static string Named(string like, int number) => $"{like[..^8]}{number:0000}.bin";
}
