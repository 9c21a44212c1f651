namespace Bioproxy.UnitTests.Models.Snapshots;

/// <summary>What an operator has pinned stays, whatever the limits say.</summary>
public sealed class SnapshotPinsTests : IDisposable
{
    private readonly StoreFixture _fixture = new();

    public void Dispose() => _fixture.Dispose();

    [Fact]
    public void Pinned_OldSnapshot_OutlivesCleanUpAndRestart()
    {
        var store = _fixture.Load();
        store.MarkUsed(StoreFixture.Add(store, "a.bin", "a text"));
        store.MarkUsed(StoreFixture.Add(store, "b.bin", "another text")); // by the test's clock, not by that of the file system
        store.Pins.Set("a.bin", isPinned: true);

        store = _fixture.Load();
        _fixture.Time.Advance(TimeSpan.FromDays(400));
        store.CleanUp();

        Assert.Equal("a.bin", Assert.Single(store.All).File);
        Assert.True(store.Describe(store.All[0]).IsPinned);
    }

    [Fact]
    public void Unpinned_OldSnapshot_Goes()
    {
        var store = _fixture.Load();
        StoreFixture.Add(store, "a.bin", "a text");
        store.Pins.Set("a.bin", isPinned: true);
        store.Pins.Set("a.bin", isPinned: false);
        _fixture.Time.Advance(TimeSpan.FromDays(400));

        store.CleanUp();

        Assert.Empty(store.All);
    }

    [Fact]
    public void Pinned_ConversationIsContinued_ThePinGoesWithIt()
    {
        var store = _fixture.Load();
        StoreFixture.Add(store, "a.bin", "a text");
        store.Pins.Set("a.bin", isPinned: true);

        store.Add(StoreFixture.Of("b.bin", "a text that goes on", day: 1) with { Replaces = "a.bin" });

        Assert.Equal("b.bin", Assert.Single(store.All).File);
        Assert.True(store.Pins.Contains("b.bin"));
        Assert.False(store.Pins.Contains("a.bin"));
    }

    [Fact]
    public void Pinned_Removed_ItsNameIsNotPinnedForTheNextOne()
    {
        var store = _fixture.Load();
        var snapshot = StoreFixture.Add(store, "a.bin", "a text");
        store.Pins.Set("a.bin", isPinned: true);

        store.Remove(snapshot);

        Assert.False(store.Pins.Contains("a.bin"));
        Assert.False(_fixture.Load().Pins.Contains("a.bin"));
    }

    [Fact]
    public void Pins_FileIsBroken_AreForgotten()
    {
        File.WriteAllText(Path.Combine(_fixture.Folder.Path, "pinned.json"), "[");

        Assert.False(_fixture.Load().Pins.Contains("a.bin"));
    }
}
