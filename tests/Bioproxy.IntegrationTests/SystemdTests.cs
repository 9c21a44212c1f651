using System.Net.Sockets;
using System.Text;
using Bioproxy.Doubles;
using Xunit.Abstractions;

namespace Bioproxy.IntegrationTests;

/// <summary>What systemd hears of a service with <c>Type=notify</c> and a watchdog.</summary>
public sealed class SystemdTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Service_FromStartToStop_SaysReadyAliveAndStopping()
    {
        await using var workspace = new Workspace(output);
        workspace.WriteConfig(new Uri("http://127.0.0.1:1"));
        var path = workspace.PathOf("notify");
        using var socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(path));

        // Nothing else: a unit of systemd may not see the process that started it (ProtectProc=invisible).
        await using var run = await BioproxyRun.StartProgramAsync(
            ["env", $"NOTIFY_SOCKET={path}", "WATCHDOG_USEC=3000000", HostOutput.Program, "--config", workspace.ConfigFile], output);

        var said = new HashSet<string>(StringComparer.Ordinal);
        await ReadUntilAsync(socket, said, "READY=1");
        await ReadUntilAsync(socket, said, "WATCHDOG=1");
        Assert.DoesNotContain("STOPPING=1", said);
        var stopped = run.StopAsync();
        await ReadUntilAsync(socket, said, "STOPPING=1");
        Assert.Equal(0, await stopped);
    }

    private static async Task ReadUntilAsync(Socket socket, HashSet<string> said, string state)
    {
        var buffer = new byte[256];
        while (!said.Contains(state))
            said.Add(Encoding.UTF8.GetString(buffer, 0, await socket.ReceiveAsync(buffer).DefaultTimeout()).Trim());
    }
}
