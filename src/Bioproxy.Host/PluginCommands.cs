using System.Text.Json;
using Bioproxy.Host.Admin;
using Bioproxy.Host.CommandLine;
using Bioproxy.Host.Configuration;
using Bioproxy.Host.Doctor;
using Bioproxy.Host.Plugins;

namespace Bioproxy.Host;

/// <summary>
/// <c>bioproxy plugins …</c>. Exit codes: 0 success, 1 a plugin or the request to the proxy failed, 2 wrong usage or configuration.
/// </summary>
internal static class PluginCommands
{
    public static async Task<int> RunAsync(ConfigurationInput input, PluginsRequest request, CancellationToken cancellationToken)
    {
        if (Commands.Load(input) is not { } options)
            return Commands.Misconfigured;
        try
        {
            return request.Path is { } path
                ? await CheckAsync(options, path, Console.Out)
                : await ListAsync(options, Console.Out, cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return Commands.Failed; // interrupted by the user
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or HttpRequestException or OperationCanceledException)
        {
            await Console.Error.WriteLineAsync($"bioproxy plugins failed: {e.Message}");
            return Commands.Failed;
        }
    }

    /// <summary>Lists the plugins of the running proxy; when there is none, loads the plugins from the configured folders.</summary>
    public static async Task<int> ListAsync(ProxyOptions options, TextWriter writer, CancellationToken cancellationToken)
    {
        var answer = await RunningProxy.AskAsync(options, HttpMethod.Get, "/status", cancellationToken)
            ?? await LoadAllAsync(options, writer);
        if (Parse(answer) is not { } root)
        {
            await Console.Error.WriteLineAsync(
                $"The program on {options.AdminHost}:{options.AdminPort} is not Bioproxy: set admin_host and admin_port to those of the "
                + "proxy.");
            return Commands.Failed;
        }

        Terminal.For(writer).Write(PluginTable.List(root));
        return 0;
    }

    /// <summary>Checks plugins: one line per finding, below one line per plugin.</summary>
    /// <param name="options">The configuration.</param>
    /// <param name="path">A plugin's folder, its single DLL, or a folder of plugins.</param>
    /// <param name="writer">The output.</param>
    public static async Task<int> CheckAsync(ProxyOptions options, string path, TextWriter writer)
    {
        using var plugins = new StandalonePlugins(options);
        path = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        var candidates = PluginFinder.At(path, plugins.Loader.Directories);
        if (candidates.Count == 0)
        {
            await Console.Error.WriteLineAsync($"No plugin found in {path}: give a plugin's folder, its DLL, or a folder of plugins.");
            return CommandLineParser.WrongUsage;
        }

        // Plugins in the same folder will be loaded together.
        var isFolder = candidates.Any(candidate => candidate.Path != path);
        var neighbours = await plugins.FindAsync(isFolder ? [.. plugins.Loader.Directories, path] : plugins.Loader.Directories);
        var check = new PluginCheck(plugins.Loader, plugins.Options, neighbours);
        var isAllWell = true;
        foreach (var candidate in candidates)
        {
            await writer.WriteLineAsync($"{(candidate == candidates[0] ? "" : writer.NewLine)}{candidate.Name}  ({candidate.Path})");
            var findings = await check.RunAsync(candidate);
            isAllWell &= findings.All(finding => finding.Verdict != Verdict.Bad);
            Terminal.For(writer).Write(FindingsTable.Of(findings.Select(finding => (Word(finding.Verdict), finding.What, finding.Text))));
        }

        return isAllWell ? 0 : Commands.Failed;
    }

    private static async Task<ReadOnlyMemory<byte>> LoadAllAsync(ProxyOptions options, TextWriter writer)
    {
        await writer.WriteLineAsync(
            $"No proxy is running on {options.AdminHost}:{options.AdminPort}; these are the plugins in the plugin folders, loaded for "
            + "this list.");
        using var plugins = new StandalonePlugins(options);
        var found = await plugins.LoadAllAsync();
        return AdminJson.Document(json => PluginView.WriteAll(json, found));
    }

    /// <returns>Null when it is not a proxy's status.</returns>
    private static JsonElement? Parse(ReadOnlyMemory<byte> answer)
    {
        try
        {
            using var document = JsonDocument.Parse(answer);
            var root = document.RootElement;
            return root.ValueKind == JsonValueKind.Object && root.TryGetProperty("plugins", out var plugins)
                && plugins.ValueKind == JsonValueKind.Array
                ? root.Clone()
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static string Word(Verdict verdict) => verdict switch
    {
        Verdict.Ok => "ok",
        Verdict.Bad => "FAILED",
        _ => "note",
    };
}
