using System.Net;
using Bioproxy.Host.Requests;
using Microsoft.AspNetCore.Http;

namespace Bioproxy.UnitTests.Requests;

public sealed class ClientAddressTests
{
    private static readonly IPNetwork[] Trusted = [IPNetwork.Parse("10.0.0.0/8"), new(IPAddress.Loopback, 32)];

    [Theory]
    [InlineData("127.0.0.1", "203.0.113.5", "203.0.113.5")]
    [InlineData("::ffff:127.0.0.1", "203.0.113.5", "203.0.113.5")]
    [InlineData("127.0.0.1", "1.1.1.1, 203.0.113.5, 10.1.2.3", "203.0.113.5")]
    [InlineData("127.0.0.1", "203.0.113.5:4711", "203.0.113.5")]
    [InlineData("127.0.0.1", "[2001:db8::1]:4711", "2001:db8::1")]
    [InlineData("127.0.0.1", "2001:db8::1", "2001:db8::1")]
    [InlineData("127.0.0.1", "10.1.1.1, 10.2.2.2", "10.1.1.1")]
    [InlineData("127.0.0.1", "203.0.113.5, unknown", "127.0.0.1")]
    [InlineData("127.0.0.1", "", "127.0.0.1")]
    [InlineData("203.0.113.9", "1.1.1.1", "203.0.113.9")]
    public void Of_BehindTrustedServers_IsWhatTheyWereAskedBy(string connection, string forwarded, string expected) => Assert.Equal(
        IPAddress.Parse(expected),
        ClientAddress.Of(new HeaderDictionary { ["X-Forwarded-For"] = forwarded }, IPAddress.Parse(connection), Trusted));

    [Fact]
    public void Of_NoServerTrusted_IsTheConnection() => Assert.Equal(
        IPAddress.Loopback, ClientAddress.Of(new HeaderDictionary { ["X-Forwarded-For"] = "1.1.1.1" }, IPAddress.Loopback, []));
}
