using System.Net;
using Bioproxy.Host.Cluster.Pools;

namespace Bioproxy.UnitTests.Cluster.Pools;

public sealed class PoolAddressTests
{
    [Theory]
    [InlineData("http://localhost:8088/", "localhost", "http://localhost:8088/")]
    [InlineData("http://127.0.0.1:8088/", "127.0.0.1", "http://127.0.0.1:8088/")]
    [InlineData("http://10.0.0.7:8088/", "10.0.0.7", "http://10.0.0.7:8088/")]
    [InlineData("http://0.0.0.0:8088/", "0.0.0.0", "http://10.0.0.5:8088/")]
    [InlineData("https://[::]:443/", "::", "https://10.0.0.5:443/")]
    [InlineData("https://10.0.0.7:8088/", "gpu1.lab", "https://gpu1.lab:8088/")] // the certificate is for the name
    [InlineData("unix:/run/bioproxy.sock", "unix:/run/bioproxy.sock", "unix:/run/bioproxy.sock")]
    public void Of_ListenerAndItsHost_IsWhereOthersReachIt(string listens, string host, string expected) =>
        Assert.Equal(new Uri(expected), PoolAddress.Of(new Uri(listens), host, IPEndPoint.Parse("10.0.0.5:11111")));

    [Theory]
    [InlineData("http://localhost:8088/", true)]
    [InlineData("http://[::1]:8088/", true)]
    [InlineData("unix:/run/bioproxy.sock", true)]
    [InlineData("http://10.0.0.7:8088/", false)]
    [InlineData("https://gpu1.lab/", false)]
    public void IsOfItsMachine_LoopbackAndSockets(string address, bool expected) =>
        Assert.Equal(expected, PoolAddress.IsOfItsMachine(new Uri(address)));

    [Theory]
    [InlineData("10.0.0.5:11111", "10.0.0.5:11112", true)]
    [InlineData("10.0.0.5:11111", "10.0.0.6:11111", false)]
    [InlineData("[::1]:11111", "127.0.0.1:11111", false)]
    public void AreOnOneMachine_ByTheirAddresses(string one, string other, bool expected) =>
        Assert.Equal(expected, PoolAddress.AreOnOneMachine(one, other));
}
