using System.Net;
using System.Net.Sockets;
using Bioproxy.Host.Configuration;
using Bioproxy.Host.Pool;

namespace Bioproxy.UnitTests.Pool;

public sealed class ModelPortTests
{
    [Fact]
    public void Of_EveryModel_HasAPortOfItsOwnUnlessAnotherProgramListensThere()
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        var taken = ((IPEndPoint)other.LocalEndpoint).Port;
        var options = new PoolOptions { Models = [new("a"), new("b")], Ports = new PortRange(taken, taken + 1) };

        Assert.Null(ModelPort.Of(options, "a"));
        Assert.Contains(ModelPort.Of(options, "b"), new int?[] { taken + 1, null });
        other.Stop();
        Assert.Equal(taken, ModelPort.Of(options, "a"));
    }
}
