using Bioproxy.Host.Models.Snapshots;

namespace Bioproxy.UnitTests.Models.Snapshots;

public sealed class WriteBudgetTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void Allows_WithinTheHour_CountsWhatWasWritten()
    {
        var budget = new WriteBudget(1000, _time);
        Assert.True(budget.Allows(1000));
        Assert.False(budget.Allows(1001));

        budget.Wrote(600);

        Assert.True(budget.Allows(400));
        Assert.False(budget.Allows(401));
    }

    [Fact]
    public void Allows_AnHourLater_EachWriteIsForgottenOnItsOwn()
    {
        var budget = new WriteBudget(1000, _time);
        budget.Wrote(600);
        _time.Advance(TimeSpan.FromMinutes(30));
        budget.Wrote(400);
        Assert.False(budget.Allows(1));

        _time.Advance(TimeSpan.FromMinutes(30) - TimeSpan.FromTicks(1));
        Assert.False(budget.Allows(1));

        _time.Advance(TimeSpan.FromTicks(1));
        Assert.True(budget.Allows(600));
        Assert.False(budget.Allows(601));

        _time.Advance(TimeSpan.FromMinutes(30));
        Assert.True(budget.Allows(1000));
    }
}
