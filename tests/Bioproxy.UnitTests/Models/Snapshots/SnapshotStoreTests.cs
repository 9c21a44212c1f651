using System.Globalization;
using Bioproxy.Doubles;
using Bioproxy.Host.Models.Snapshots;

namespace Bioproxy.UnitTests.Models.Snapshots;

/// <summary>Holding, removing and quarantining.</summary>
public sealed class SnapshotStoreTests : IDisposable
{
    private readonly StoreFixture _fixture = new();
    private readonly StoreFixture.Shrinker _freed = new();
    private readonly SnapshotStore _store;

    public SnapshotStoreTests()
    {
        _store = _fixture.Load();
        _store.Use("", _freed);
    }

    public void Dispose() => _fixture.Dispose();

    [Fact]
    public async Task LetGo_RemovedMeanwhile_TheFileIsFreedOnceAndNotBefore()
    {
        var snapshot = Add("s.bin", "text");
        Assert.True(_store.TryHold(snapshot));
        Assert.True(_store.TryHold(snapshot));

        Assert.True(_store.Remove(snapshot));
        Assert.False(_store.TryHold(snapshot));
        _store.LetGo(snapshot);
        Assert.Empty(await FreedAsync());
        _store.LetGo(snapshot);

        Assert.Equal(["s.bin"], await FreedAsync());
    }

    [Fact]
    public async Task LetGo_StillInTheIndex_FreesNothing()
    {
        var snapshot = Add("s.bin", "text");

        Assert.True(_store.TryHold(snapshot));
        Assert.True(_store.Describe(snapshot).IsInUse);
        _store.LetGo(snapshot);

        Assert.False(_store.Describe(snapshot).IsInUse);
        Assert.Empty(await FreedAsync());
        Assert.Equal([snapshot], _store.All);
    }

    [Fact]
    public async Task Quarantine_WhileHeld_TheFileIsFreedAfterwards()
    {
        var snapshot = Add("s.bin", "text");
        Assert.True(_store.TryHold(snapshot));

        _store.Quarantine(snapshot, "it had no effect");
        Assert.Empty(await FreedAsync());
        Assert.Empty(_store.All);
        _store.LetGo(snapshot);

        Assert.Equal(["s.bin"], await FreedAsync());
        Assert.Equal(["s.bin: it had no effect"], _store.Quarantined);
        Assert.Equal(["s.bin.json.quarantined"], _fixture.Quarantined);
        Assert.Empty(_fixture.Sidecars);
    }

    /// <summary>Who reads that a snapshot failed must not find it in the index.</summary>
    [Fact]
    public void Quarantine_IsShownOnceTheSnapshotIsGone()
    {
        var snapshot = Add("s.bin", "text");
        var (shown, left) = (-1, -1);
        using var _ = _store.Subscribe(_ => (shown, left) = (_store.Quarantined.Count, _store.Count));

        _store.Quarantine(snapshot, "it had no effect");

        Assert.Equal((0, 0), (shown, left));
        Assert.Single(_store.Quarantined);
    }

    /// <summary>A caller that found a snapshot may be late: its name may have been given out again.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Remove_OutAlready_LeavesTheNextOneOfItsNameAlone(bool isQuarantined)
    {
        var old = Add("s.bin", "old");
        Assert.True(_store.Remove(old));

        Late();
        Assert.Equal(["s.bin"], await FreedAsync()); // once

        var next = Add("s.bin", "next");
        Late();
        Assert.Equal([next], _store.All);
        Assert.Equal(["s.bin"], await FreedAsync());
        Assert.Equal(["s.bin.json"], _fixture.Sidecars);
        Assert.Empty(_fixture.Quarantined);

        void Late()
        {
            if (isQuarantined)
                _store.Quarantine(old, "its file is missing");
            else
                Assert.False(_store.Remove(old));
        }
    }

    [Fact]
    public async Task Remove_HoldersAndRemoversAtOnce_EachFileIsFreedOnceAndNeverWhileHeld()
    {
        const int Files = 300;
        var held = new int[Files];
        var whileHeld = 0;
        var store = _fixture.Load();
        var freed = new StoreFixture.Shrinker(file => Interlocked.Add(ref whileHeld, Volatile.Read(ref held[Number(file)])));
        store.Use("", freed);
        var all = Enumerable.Range(0, Files).Select(i => StoreFixture.Add(store, $"{i}.bin", $"text {i}")).ToList();

        Parallel.For(0, 8, worker =>
        {
            foreach (var snapshot in worker % 2 == 0 ? all : all.AsEnumerable().Reverse())
            {
                if (worker < 4)
                {
                    if (!store.TryHold(snapshot))
                        continue;
                    Interlocked.Increment(ref held[Number(snapshot.File)]);
                    Thread.SpinWait(50);
                    Interlocked.Decrement(ref held[Number(snapshot.File)]);
                    store.LetGo(snapshot);
                }
                else if (worker < 6)
                {
                    store.Remove(snapshot);
                }
                else
                {
                    store.Quarantine(snapshot, "tried");
                }
            }
        });

        await store.WhenDiscarded().DefaultTimeout();
        Assert.Equal(all.Select(s => s.File).Order(), freed.Files.Order());
        Assert.Equal(0, whileHeld);
        Assert.Equal(0, store.Count);

        static int Number(string file) => int.Parse(Path.GetFileNameWithoutExtension(file), CultureInfo.InvariantCulture);
    }

    /// <summary>A subscriber takes locks of its own, and others that hold those ask the store.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Subscribe_WhileCalledBack_TheStoreIsNotLocked(bool isQuarantined)
    {
        var snapshot = Add("s.bin", "text");
        var isFree = false;
        using var subscription = _store.Subscribe(_ => isFree = Task.Run(() => _store.Describe(snapshot)).Wait(TimeSpan.FromSeconds(5)));

        if (isQuarantined)
            _store.Quarantine(snapshot, "tried");
        else
            _store.Remove(snapshot);

        Assert.True(isFree);
    }

    [Fact]
    public void Subscribe_Disposed_IsNotCalledBackAnyMore()
    {
        var gone = new List<string>();
        var subscription = _store.Subscribe(gone.Add);
        _store.Remove(Add("a.bin", "a"));

        subscription.Dispose();
        _store.Remove(Add("b.bin", "b"));

        Assert.Equal(["a.bin"], gone);
    }

    /// <summary>A shrinker calls the backend, and may wait for a lock that the remover holds.</summary>
    [Fact]
    public async Task Remove_ShrinkerBlocks_ReturnsAndTheStoreIsNotLocked()
    {
        using var unblocked = new ManualResetEventSlim();
        var blocking = _fixture.Load();
        blocking.Use("", new StoreFixture.Shrinker(_ => unblocked.Wait(TimeSpan.FromSeconds(20))));
        var snapshot = StoreFixture.Add(blocking, "s.bin", "text");

        await Task.Run(() => blocking.Remove(snapshot)).DefaultTimeout();
        Assert.False(await Task.Run(() => blocking.WhenDiscarded().IsCompleted).DefaultTimeout());

        unblocked.Set();
        await blocking.WhenDiscarded().DefaultTimeout();
    }

    [Fact]
    public void Quarantine_ManyTimes_KeepsTheNewestSidecars()
    {
        for (var i = 0; i < SidecarFolder.MostQuarantined + 5; i++)
        {
            _store.Quarantine(Add($"s{i:00}.bin", $"text {i}"), "tried");
            _fixture.Time.Advance(TimeSpan.FromMinutes(1));
        }

        Assert.Equal(Enumerable.Range(5, SidecarFolder.MostQuarantined).Select(i => $"s{i:00}.bin.json.quarantined"), _fixture.Quarantined);
    }

    [Fact]
    public void Quarantine_Old_IsDeletedByTheNextOneAndAtTheStart()
    {
        _store.Quarantine(Add("a.bin", "a"), "tried");
        _fixture.Time.Advance(SidecarFolder.QuarantineAge - TimeSpan.FromDays(1));
        _store.Quarantine(Add("b.bin", "b"), "tried");
        Assert.Equal(2, _fixture.Quarantined.Length);

        _fixture.Time.Advance(TimeSpan.FromDays(2));
        _store.Quarantine(Add("c.bin", "c"), "tried");
        Assert.Equal(["b.bin.json.quarantined", "c.bin.json.quarantined"], _fixture.Quarantined);

        _fixture.Time.Advance(SidecarFolder.QuarantineAge + TimeSpan.FromDays(1));
        _fixture.Load();
        Assert.Empty(_fixture.Quarantined);
    }

    [Fact]
    public void MarkUsed_Reloaded_IsRemembered()
    {
        var snapshot = Add("s.bin", "text");
        Assert.Equal(snapshot.Created, _store.Describe(snapshot).LastUsed);

        _store.MarkUsed(snapshot);

        Assert.Equal(_fixture.Time.GetUtcNow(), _store.Describe(snapshot).LastUsed);
        var again = _fixture.Load();
        Assert.Equal(_fixture.Time.GetUtcNow(), again.Describe(Assert.Single(again.All)).LastUsed);
    }

    private Snapshot Add(string file, string text) => StoreFixture.Add(_store, file, text);

    private async Task<IReadOnlyCollection<string>> FreedAsync()
    {
        await _store.WhenDiscarded().DefaultTimeout();
        return _freed.Files;
    }
}
