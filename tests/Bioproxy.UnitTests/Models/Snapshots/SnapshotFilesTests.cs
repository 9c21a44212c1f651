using Bioproxy.Doubles;
using Bioproxy.Host.Configuration;
using Bioproxy.Host.Prompts;
using Bioproxy.Host.Models.Snapshots;
using Microsoft.Extensions.Logging.Abstractions;

namespace Bioproxy.UnitTests.Models.Snapshots;

public sealed class SnapshotFilesTests : IDisposable
{
    private readonly string _base = Directory.CreateTempSubdirectory("bioproxy-test-").FullName;
    private readonly string _slots;
    private readonly StateFolder _folder;
    private readonly SnapshotCatalogue _catalogue;

    public SnapshotFilesTests()
    {
        _slots = Directory.CreateDirectory(Path.Combine(_base, "slots")).FullName;
        _folder = new StateFolder(Options(_slots));
        _folder.Create();
        _catalogue = new SnapshotCatalogue(_folder, NullLogger<SnapshotCatalogue>.Instance);
    }

    public void Dispose() => Directory.Delete(_base, recursive: true);

    [Fact]
    public void Take_NamesAreFreeAgain_TheLowestIsGivenOutFirst()
    {
        var files = Files();
        var (one, two, three) = (files.Take(), files.Take(), files.Take());
        Assert.Matches("^bioproxy-[0-9a-f]{6}-0001.bin$", one);
        Assert.Equal([Named(one, 2), Named(one, 3)], [two, three]);

        files.Discard(two);
        files.Discard(one);
        files.Discard(one); // nobody has it twice

        Assert.Equal([one, two, Named(one, 4)], [files.Take(), files.Take(), files.Take()]);
    }

    [Fact]
    public void Load_AnotherStart_KeepsTheMarkAndTheNamesTaken()
    {
        var first = Files();
        first.Take();
        var two = first.Take();
        first.Take();
        var four = first.Take();

        var again = Files(Snapshot(two), Snapshot(four), Snapshot("bioproxy-other1-0009.bin"));

        Assert.Equal([Named(two, 1), Named(two, 3), Named(two, 5)], [again.Take(), again.Take(), again.Take()]);
    }

    [Fact]
    public void Load_MarkIsBroken_AnotherIsMadeAndKept()
    {
        File.WriteAllText(Path.Combine(_folder.Path, "mark"), "../../x");

        var name = Files().Take();

        Assert.Matches("^bioproxy-[0-9a-f]{6}-0001.bin$", name);
        Assert.Equal(name, Files().Take());
    }

    [Fact]
    public void Discard_FolderIsKnown_DeletesTheFile()
    {
        var files = Files();
        var name = files.Take();
        Write(name, 10);

        files.Discard(name);

        Assert.Empty(Directory.GetFiles(_slots));
    }

    [Fact]
    public async Task Discard_FolderIsNotKnown_TheNameIsFreeWhenItsBytesAreGone()
    {
        var files = new SnapshotFiles(null, null, _folder, Options(null), NullLogger<SnapshotFiles>.Instance);
        files.Load([]);
        var name = files.Take();

        files.Discard(name);
        await files.WhenDiscarded().DefaultTimeout();

        Assert.Equal(name, files.Take());
    }

    [Fact]
    public void Reconcile_FolderAndCatalogueDiffer_AgreeAfterwards()
    {
        var files = Files();
        var (kept, missing, resized, orphan) = (files.Take(), files.Take(), files.Take(), files.Take());
        foreach (var name in new[] { kept, missing, resized })
            _catalogue.Add(Snapshot(name));
        Write(kept, 70);
        Write(resized, 40);
        Write(orphan, 70);
        var left = new[] { "bioproxy-000000-0001.bin", "bioproxy-anything.bin", "chat.bin", $"{kept}.txt" };
        foreach (var foreign in left)
            Write(foreign, 5);
        files = Files([.. _catalogue.All]);
        _catalogue.Unused = files.Discard;

        files.Reconcile(_catalogue);

        Assert.Equal([kept], _catalogue.All.Select(s => s.File));
        Assert.Equal(left.Append(kept).Order(StringComparer.Ordinal), Directory.GetFiles(_slots).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal));
        Assert.Equal([missing, resized, orphan], [files.Take(), files.Take(), files.Take()]);
    }

    [Fact]
    public void Reconcile_AllFilesMissing_IsTheWrongFolderAndNothingIsDropped()
    {
        var files = Files();
        var orphan = files.Take();
        _catalogue.Add(Snapshot(files.Take()));
        _catalogue.Add(Snapshot(files.Take()));
        Write(orphan, 70);

        files.Reconcile(_catalogue);

        Assert.Equal(2, _catalogue.Count);
        Assert.True(File.Exists(Path.Combine(_slots, orphan)));
    }

    [Fact]
    public void IsThere_FileOfTheSameSize_OrAFolderNobodyCanLookInto()
    {
        var files = Files();
        var snapshot = Snapshot(files.Take());
        Assert.False(files.IsThere(snapshot));
        Write(snapshot.File, 69);
        Assert.False(files.IsThere(snapshot));
        Write(snapshot.File, 70);

        Assert.True(files.IsThere(snapshot));
        Assert.True(new SnapshotFiles(null, null, _folder, Options(null), NullLogger<SnapshotFiles>.Instance).IsThere(Snapshot("nowhere.bin")));
    }

    private SnapshotFiles Files(params Snapshot[] taken)
    {
        var files = new SnapshotFiles(null, null, _folder, Options(_slots), NullLogger<SnapshotFiles>.Instance);
        files.Load(taken);
        return files;
    }

    private ProxyOptions Options(string? slots) => new() { BaseDirectory = _base, StateDirectory = _base, KvDirectory = slots };

    private void Write(string name, int bytes) => File.WriteAllBytes(Path.Combine(_slots, name), new byte[bytes]);

    private static string Named(string like, int number) => $"{like[..^8]}{number:0000}.bin";

    private static Snapshot Snapshot(string file) => new(file, "", "model", 7, "", 70, DateTimeOffset.UnixEpoch, PromptChain.Of("text"u8));
}
