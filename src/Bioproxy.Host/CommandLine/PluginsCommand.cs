using System.CommandLine;
using Bioproxy.Host.Configuration;

namespace Bioproxy.Host.CommandLine;

/// <summary><c>bioproxy plugins …</c></summary>
internal static class PluginsCommand
{
    public static Command Make(SettingOptions options, Func<ConfigurationInput, PluginsRequest, CancellationToken, Task<int>> act)
    {
        var list = new Command(
            "list", "List the plugins of the running proxy with their exports and problems; without one, those in the plugin folders.");
        list.SetAction((result, token) => act(options.Read(result), new PluginsRequest("list"), token));

        var folder = new Argument<string>("folder") { Description = "A plugin's folder, its single DLL, or a folder of plugins." };
        var check = new Command(
            "check",
            "Load a plugin as the proxy would, start, stop and unload it, and report what is wrong with it. "
            + "Exit code: 0 all is well, 1 something FAILED, 2 wrong usage or a mistake in the configuration.") { folder };
        check.SetAction((result, token) => act(options.Read(result), new PluginsRequest("check", result.GetValue(folder)), token));

        return new Command("plugins", "Inspect plugins, and try one before the proxy loads it.") { list, check };
    }
}
