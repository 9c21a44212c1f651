using System.CommandLine;
using Bioproxy.Host.Configuration;

namespace Bioproxy.Host.CommandLine;

/// <summary><c>bioproxy cluster …</c></summary>
internal static class ClusterCommands
{
    public static Command Make(SettingOptions options, Func<ConfigurationInput, CancellationToken, Task<int>> act)
    {
        var status = new Command("status", "Show the proxies that act as one, and which server each of them schedules.");
        status.SetAction((result, token) => act(options.Read(result), token));
        return new Command("cluster", "Ask the running proxy about its cluster.") { status };
    }
}
