using System.CommandLine;
using Bioproxy.Host.Configuration;

namespace Bioproxy.Host.CommandLine;

/// <summary><c>bioproxy health</c></summary>
internal static class HealthCommands
{
    public static Command Make(SettingOptions options, Func<ConfigurationInput, CancellationToken, Task<int>> act)
    {
        var health = new Command("health", "Ask the running proxy whether it can serve requests. For health checks of containers.");
        health.SetAction((result, token) => act(options.Read(result), token));
        return health;
    }
}
