using System.Net;
using System.Net.Sockets;
using Bioproxy.Host.Configuration;
using Bioproxy.Host.Pool;

namespace Bioproxy.UnitTests.Pool;

public sealed class FreePortsTests
{
    [Fact]
    public void Take_PortInUse_IsPassedOver()
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        var port = ((IPEndPoint)other.LocalEndpoint).Port;
        var ports = new FreePorts(new PortRange(port, port));

        Assert.Null(ports.Take());
        other.Stop();
        Assert.Equal(port, ports.Take());
    }

    [Fact]
    public void Take_Again_GivesAnotherUntilReturned()
    {
        using var found = new TcpListener(IPAddress.Loopback, 0);
        found.Start();
        var port = ((IPEndPoint)found.LocalEndpoint).Port;
        found.Stop();
        var ports = new FreePorts(new PortRange(port, port));

        Assert.Equal(port, ports.Take());
        Assert.Null(ports.Take());
        ports.Return(port);
        Assert.Equal(port, ports.Take());
    }
}
