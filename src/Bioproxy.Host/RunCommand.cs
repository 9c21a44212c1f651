using System.Net.Sockets;
using Bioproxy.Host.Configuration;
using Bioproxy.Host.Models.Snapshots;

namespace Bioproxy.Host;

/// <summary><c>bioproxy</c>: the proxy itself.</summary>
internal static class RunCommand
{
    public static async Task<int> RunAsync(ConfigurationInput input, CancellationToken cancellationToken)
    {
        if (Commands.LoadWithSource(input) is not var (options, source))
            return Commands.Misconfigured;
        await using var app = new BioproxyApp(options, source: options.ConfigFile is null ? null : source);
        if (await app.LoadTemplatesAsync(cancellationToken) is { Count: > 0 } problems)
        {
            await Console.Error.WriteLineAsync("Some templates cannot be used; the proxy was not started.");
            foreach (var problem in problems)
                await Console.Error.WriteLineAsync($"  {problem}");
            return Commands.Misconfigured;
        }

        try
        {
            await app.StartAsync(cancellationToken);
        }
        catch (StateInUseException e)
        {
            await Console.Error.WriteLineAsync($"bioproxy cannot start: {e.Message}");
            return Commands.Failed;
        }
        catch (Exception e) when (e is IOException or SocketException or UnauthorizedAccessException)
        {
            const string Keys = "proxy_host, proxy_port, admin_host, admin_port, state_directory";
            await Console.Error.WriteLineAsync($"bioproxy cannot start: {e.Message} (check {Keys})");
            return Commands.Failed;
        }

        await app.WaitForShutdownAsync(cancellationToken);
        return 0;
    }
}
