using System.Text.Json;
using Bioproxy.Host.CommandLine;
using Bioproxy.Host.Configuration;

namespace Bioproxy.Host;

/// <summary><c>bioproxy misses</c>: asks the running proxy, which keeps its misses in memory only.</summary>
internal static class MissesCommand
{
    public static async Task<int> RunAsync(ConfigurationInput input, int last, CancellationToken cancellationToken)
    {
        if (Commands.Load(input) is not { } options)
            return Commands.Misconfigured;
        try
        {
            if (await RunningProxy.AskAsync(options, HttpMethod.Get, "/misses", cancellationToken) is not { IsEmpty: false } answer)
            {
                await Console.Error.WriteLineAsync(
                    $"No proxy answers on its admin port ({options.AdminHost}:{options.AdminPort}). Misses are kept in memory only.");
                return Commands.Failed;
            }

            using var document = JsonDocument.Parse(answer);
            Terminal.Standard.Write(MissTable.Report(document.RootElement, last));
            return 0;
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException or JsonException)
        {
            await Console.Error.WriteLineAsync($"bioproxy misses failed: {e.Message}");
            return Commands.Failed;
        }
    }
}
