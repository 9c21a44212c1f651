using Bioproxy.Host.Configuration;
using Bioproxy.Host.Security;

namespace Bioproxy.UnitTests.Security;

public sealed class AdminSessionsTests
{
    private static readonly KeyHash Key = KeyHash.OfKey("the key of the admin");

    private readonly FakeTimeProvider _time = new(DateTimeOffset.UnixEpoch.AddYears(60));

    [Fact]
    public void IsValid_OfASessionThatHasBegun_UntilItEnds()
    {
        var sessions = new AdminSessions(_time);
        var cookie = sessions.Begin(Key);

        Assert.True(sessions.IsValid(cookie, Key));
        _time.Advance(AdminSessions.Lasts);
        Assert.False(sessions.IsValid(cookie, Key));
    }

    [Fact]
    public void IsValid_AnotherKeyOrProcess_EndsIt()
    {
        var sessions = new AdminSessions(_time);
        var cookie = sessions.Begin(Key);

        Assert.False(sessions.IsValid(cookie, KeyHash.OfKey("another key of the admin")));
        Assert.False(new AdminSessions(_time).IsValid(cookie, Key));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("x.y")]
    [InlineData("99999999999.")]
    [InlineData("99999999999.AAAA")]
    public void IsValid_AnythingElse_IsNot(string? cookie) => Assert.False(new AdminSessions(_time).IsValid(cookie, Key));

    [Fact]
    public void IsValid_LongerTime_IsNotSigned()
    {
        var sessions = new AdminSessions(_time);
        var cookie = sessions.Begin(Key);

        Assert.False(sessions.IsValid($"9{cookie}", Key));
    }
}
