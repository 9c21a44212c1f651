using Bioproxy.Host.Security;
using Microsoft.AspNetCore.Http;

namespace Bioproxy.UnitTests.Security;

public sealed class SessionCookieTests
{
    [Theory]
    [InlineData("bioproxy_admin=x", null)]
    [InlineData("a=1; bioproxy_admin=x; b=2", "a=1; b=2")]
    [InlineData("my_bioproxy_admin=x", "my_bioproxy_admin=x")]
    [InlineData("a=1", "a=1")]
    public void RemoveFrom_Cookies_TakesOutThatOfTheAdminPort(string cookies, string? expected)
    {
        var headers = new HeaderDictionary { ["Cookie"] = cookies };

        SessionCookie.RemoveFrom(headers);

        Assert.Equal(expected ?? "", headers["Cookie"].ToString());
    }
}
