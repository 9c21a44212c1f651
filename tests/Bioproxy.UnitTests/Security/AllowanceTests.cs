using Bioproxy.Host.Security;

namespace Bioproxy.UnitTests.Security;

public sealed class AllowanceTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void Take_AMinutesWorthAtOnce_ThenTellsWhenTheNextOneIsThere()
    {
        var allowance = new Allowance(60, _time);

        Assert.All(Enumerable.Range(0, 60), _ => Assert.Null(allowance.Take(1)));
        Assert.Equal(TimeSpan.FromSeconds(1), allowance.Take(1));
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Null(allowance.Take(1));
        Assert.NotNull(allowance.Take(1));
    }

    [Fact]
    public void Take_AfterALongPause_IsAMinutesWorthAndNoMore()
    {
        var allowance = new Allowance(2, _time);
        _time.Advance(TimeSpan.FromHours(1));

        Assert.Equal([true, true, false], Enumerable.Range(0, 3).Select(_ => allowance.Take(1) is null));
    }

    [Fact]
    public void Spend_MoreThanThereIs_HasToBeMadeUpFor()
    {
        var allowance = new Allowance(600, _time);
        Assert.Null(allowance.Take(0));

        allowance.Spend(1200); // 10 a second: 600 too many

        Assert.Equal(TimeSpan.FromSeconds(60.1), allowance.Take(0));
        _time.Advance(TimeSpan.FromSeconds(60.1));
        Assert.Null(allowance.Take(0));
    }
}
