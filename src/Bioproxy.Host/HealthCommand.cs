using Bioproxy.Host.Configuration;

namespace Bioproxy.Host;

/// <summary><c>bioproxy health</c>: what <c>/health</c> of the running proxy says, as an exit code. Images of containers have no program
/// that could ask for it.</summary>
internal static class HealthCommand
{
    public static Task<int> RunAsync(ConfigurationInput input, CancellationToken cancellationToken) => RunningProxyReport.ShowAsync(
        input,
        "health",
        "/health",
        static health =>
        {
            Console.Out.WriteLine(health.GetProperty("status").GetString());
            return 0;
        },
        cancellationToken,
        onUnavailable: "down");
}
