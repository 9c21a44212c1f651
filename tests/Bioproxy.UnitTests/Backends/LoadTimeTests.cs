using Bioproxy.Host.Backends;

namespace Bioproxy.UnitTests.Backends;

public sealed class LoadTimeTests
{
    private readonly LoadTime _time = new();

    [Fact]
    public void Seconds_NeverLoaded_AreThoseOfItsSizeOrTen()
    {
        Assert.Equal(10, _time.Seconds());
        Assert.Equal(40, _time.Seconds(bytes: 40_000_000_000));
    }

    [Fact]
    public void Seconds_Loaded_TheNewestCountsAQuarter()
    {
        _time.Add(4);
        Assert.Equal(4, _time.Seconds(bytes: 40_000_000_000));

        _time.Add(8);
        Assert.Equal(5, _time.Seconds());
    }
}
