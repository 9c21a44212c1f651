using System.Net;
using System.Text.Json;
using Bioproxy.Host.Configuration;

namespace Bioproxy.Host;

/// <summary>What the commands have in common that show one page of the running proxy's admin port.</summary>
internal static class RunningProxyReport
{
    /// <param name="input">The configuration, which says where the proxy is.</param>
    /// <param name="command">The command, for messages.</param>
    /// <param name="path">The page.</param>
    /// <param name="show">Prints the page.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <param name="onNobody">What else is said where no proxy answers; null for nothing.</param>
    /// <param name="onUnknown">What is said where the proxy has no such page; null where all have it.</param>
    /// <param name="onUnavailable">What is printed where the proxy answers 503; null where that is an error like others.</param>
    /// <returns>The exit code: what <paramref name="show"/> returned, or that it failed.</returns>
    public static async Task<int> ShowAsync(
        ConfigurationInput input,
        string command,
        string path,
        Func<JsonElement, int> show,
        CancellationToken cancellationToken,
        string? onNobody = null,
        string? onUnknown = null,
        string? onUnavailable = null)
    {
        if (Commands.Load(input) is not { } options)
            return Commands.Misconfigured;
        try
        {
            var answer = await RunningProxy.AskAsync(options, HttpMethod.Get, path, cancellationToken);
            if (answer is { IsEmpty: true } && onUnknown is not null)
            {
                await Console.Error.WriteLineAsync(onUnknown);
                return Commands.Failed;
            }

            if (answer is not { IsEmpty: false } page)
            {
                await Console.Error.WriteLineAsync(
                    $"No proxy answers on its admin port ({options.AdminHost}:{options.AdminPort}).{onNobody}");
                return Commands.Failed;
            }

            using var document = JsonDocument.Parse(page);
            return show(document.RootElement);
        }
        catch (HttpRequestException e) when (e.StatusCode == HttpStatusCode.ServiceUnavailable && onUnavailable is not null)
        {
            await Console.Out.WriteLineAsync(onUnavailable);
            return Commands.Failed;
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException or JsonException)
        {
            await Console.Error.WriteLineAsync($"bioproxy {command} failed: {e.Message}");
            return Commands.Failed;
        }
    }
}
