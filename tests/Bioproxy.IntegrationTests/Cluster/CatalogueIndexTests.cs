using Bioproxy.Cluster.Catalogue;
using Bioproxy.Cluster.Messages;

namespace Bioproxy.IntegrationTests.Cluster;

/// <summary>Which entry of a key wins.</summary>
public sealed class CatalogueIndexTests
{
    private readonly CatalogueIndex _index = new();
    private readonly List<CatalogueEntry> _lost = [];

    [Fact]
    public void Merge_Newer_Wins()
    {
        Assert.Single(_index.Merge([Entry("a", "1", 1)], _lost));
        Assert.Single(_index.Merge([Entry("a", "2", 2)], _lost));
        Assert.Equal("2"u8.ToArray(), _index.Find("a")!.Value);
        Assert.Empty(_lost);
    }

    [Fact]
    public void Merge_Older_IsAnsweredWithTheNewer()
    {
        _index.Merge([Entry("a", null, 2)], _lost);
        Assert.Empty(_index.Merge([Entry("a", "1", 1)], _lost));
        Assert.Null(Assert.Single(_lost).Value);
    }

    [Fact]
    public void Merge_Same_IsNoChange()
    {
        _index.Merge([Entry("a", "1", 1)], _lost);
        Assert.Empty(_index.Merge([Entry("a", "1", 1)], _lost));
        Assert.Empty(_lost);
        Assert.Equal(1, _index.Sequence);
    }

    [Fact]
    public void Merge_OtherValueOfTheSameTime_FirstStays()
    {
        _index.Merge([Entry("a", "1", 1)], _lost);
        Assert.Empty(_index.Merge([Entry("a", "2", 1)], _lost));
        Assert.Equal("1"u8.ToArray(), Assert.Single(_lost).Value);
    }

    [Fact]
    public void Since_HasWhatChangedAfter()
    {
        _index.Merge([Entry("a", "1", 1), Entry("b", "1", 1)], _lost);
        var seen = _index.Sequence;
        _index.Merge([Entry("a", "2", 2)], _lost);
        Assert.Equal("a", Assert.Single(_index.Since(seen)).Key);
        Assert.Equal(2, _index.Since(0).Count());
        Assert.Empty(_index.Since(_index.Sequence));
    }

    [Fact]
    public void Forget_OldTombstones_KeepsTheRest()
    {
        _index.Merge([Entry("a", null, 1), Entry("b", null, 9), Entry("c", "1", 1)], _lost);
        Assert.Equal(1, _index.Forget(At(5)));
        Assert.Null(_index.Find("a"));
        Assert.Equal(2, _index.Count);
    }

    private static DateTimeOffset At(int second) => new(2026, 1, 2, 3, 4, second, TimeSpan.Zero);

    private static CatalogueEntry Entry(string key, string? value, int second) => new()
    {
        Key = key,
        Value = value is null ? null : System.Text.Encoding.UTF8.GetBytes(value),
        At = At(second),
    };
}
