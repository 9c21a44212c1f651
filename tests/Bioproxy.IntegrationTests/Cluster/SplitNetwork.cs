using System.Diagnostics;
using System.Globalization;
using System.Net;

namespace Bioproxy.IntegrationTests.Cluster;

/// <summary>A bridge with a network namespace for each proxy. This machine has two addresses on it: for servers, and for Redis.</summary>
internal sealed class SplitNetwork : IAsyncDisposable
{
    private readonly string _name = $"bp{Environment.ProcessId % 100000}";
    private readonly int _net = Environment.ProcessId % 200;
    private readonly List<string> _spaces = [];

    /// <summary>Where relays to servers listen.</summary>
    public IPAddress Servers => IPAddress.Parse($"10.77.{_net}.1");

    /// <summary>Where the relay to Redis listens.</summary>
    public IPAddress Redis => IPAddress.Parse($"10.77.{_net}.2");

    public static async Task<SplitNetwork> CreateAsync(int proxies)
    {
        var network = new SplitNetwork();
        try
        {
            await RunAsync($"link add {network._name} type bridge");
            await RunAsync($"addr add {network.Servers}/24 dev {network._name}");
            await RunAsync($"addr add {network.Redis}/24 dev {network._name}");
            await RunAsync($"link set {network._name} up");
            for (var i = 0; i < proxies; i++)
                await network.AddAsync(i);
            return network;
        }
        catch
        {
            await network.DisposeAsync();
            throw;
        }
    }

    /// <summary>The address of a proxy.</summary>
    public IPAddress AddressOf(int proxy) => IPAddress.Parse(string.Create(CultureInfo.InvariantCulture, $"10.77.{_net}.{10 + proxy}"));

    /// <summary>The program that starts another one beside a proxy's address.</summary>
    public string[] Wrapper(int proxy) => ["ip", "netns", "exec", _spaces[proxy]];

    /// <summary>Nothing that a proxy sends to these addresses arrives.</summary>
    public async Task CutAsync(int proxy, params IEnumerable<IPAddress> addresses)
    {
        foreach (var address in addresses)
            await RunAsync($"-n {_spaces[proxy]} route add blackhole {address}/32");
    }

    public async Task HealAsync(int proxy, params IEnumerable<IPAddress> addresses)
    {
        foreach (var address in addresses)
            await RunAsync($"-n {_spaces[proxy]} route del blackhole {address}/32");
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var space in _spaces)
            await TryAsync($"netns del {space}");
        await TryAsync($"link del {_name}");
    }

    private async Task AddAsync(int proxy)
    {
        var space = $"{_name}-{proxy}";
        await RunAsync($"netns add {space}");
        _spaces.Add(space);
        await RunAsync($"link add {_name}o{proxy} type veth peer name {_name}i{proxy} netns {space}");
        await RunAsync($"link set {_name}o{proxy} master {_name} up");
        await RunAsync($"-n {space} addr add {AddressOf(proxy)}/24 dev {_name}i{proxy}");
        await RunAsync($"-n {space} link set {_name}i{proxy} up");
        await RunAsync($"-n {space} link set lo up");
    }

    private static async Task RunAsync(string arguments)
    {
        using var ip = Process.Start(new ProcessStartInfo("ip", arguments) { RedirectStandardError = true })!;
        var problem = await ip.StandardError.ReadToEndAsync();
        await ip.WaitForExitAsync();
        Assert.True(ip.ExitCode == 0, $"ip {arguments}: {problem}");
    }

    private static async Task TryAsync(string arguments)
    {
        using var ip = Process.Start(new ProcessStartInfo("ip", arguments) { RedirectStandardError = true })!;
        await ip.WaitForExitAsync();
    }
}
