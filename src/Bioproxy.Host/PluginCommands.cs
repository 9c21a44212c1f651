using System.Text.Json;
using Bioproxy.Host.Admin;
using Bioproxy.Host.CommandLine;
using Bioproxy.Host.Configuration;
using Bioproxy.Host.Doctor;
using Bioproxy.Host.Plugins;

namespace Bioproxy.Host;

/// <summary><c>bioproxy plugins …</c>. Exit codes: 0 well, 1 a plugin (or asking) failed, 2 wrong usage or a mistake in the configuration.</summary>
internal static class PluginCommands
{
    private const int Failed = 1;
    private const int WrongUsage = CommandLineParser.WrongUsage;

    public static async Task<int> RunAsync(ConfigurationInput input, PluginsRequest request, CancellationToken cancellationToken)
    {
        if (Commands.Load(input) is not { } options)
            return WrongUsage;
        try
        {
            return request.Path is { } path ? await CheckAsync(options, path, Console.Out) : await ListAsync(options, Console.Out, cancellationToken);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or HttpRequestException or OperationCanceledException)
        {
            await Console.Error.WriteLineAsync($"bioproxy plugins failed: {e.Message}");
            return Failed;
        }
    }

    /// <summary>Asks the proxy that runs; where none does, loads what lies in the folders.</summary>
    public static async Task<int> ListAsync(ProxyOptions options, TextWriter writer, CancellationToken cancellationToken)
    {
        var answer = await RunningProxy.AskAsync(options, HttpMethod.Get, "/status", cancellationToken) ?? await LookAsync(options, writer);
        if (Parse(answer) is not { } root)
        {
            await Console.Error.WriteLineAsync($"What listens on {options.AdminHost}:{options.AdminPort} is no Bioproxy: set admin_host and admin_port to those of the proxy.");
            return Failed;
        }

        Terminal.For(writer).Write(PluginTable.List(root));
        return 0;
    }

    /// <summary>One line a finding; each plugin under a line of its own.</summary>
    /// <param name="options">The configuration.</param>
    /// <param name="path">A plugin's folder, its single DLL, or a folder of plugins.</param>
    /// <param name="writer">Gets the lines.</param>
    public static async Task<int> CheckAsync(ProxyOptions options, string path, TextWriter writer)
    {
        using var plugins = new LonePlugins(options);
        path = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        var candidates = PluginFinder.At(path, plugins.Loader.Directories);
        if (candidates.Count == 0)
        {
            await Console.Error.WriteLineAsync($"There is no plugin in {path}: name a plugin's folder, its DLL, or a folder of plugins.");
            return WrongUsage;
        }

        // Those that lie beside each other will run beside each other.
        var among = candidates.Any(candidate => candidate.Path != path) ? [.. plugins.Loader.Directories, path] : plugins.Loader.Directories;
        var check = new PluginCheck(plugins.Loader, plugins.Options, await PluginNeighbour.FindAsync(plugins.Loader, among));
        var isAllWell = true;
        foreach (var candidate in candidates)
        {
            await writer.WriteLineAsync($"{(candidate == candidates[0] ? "" : writer.NewLine)}{candidate.Name}  ({candidate.Path})");
            var findings = await check.RunAsync(candidate);
            isAllWell &= findings.All(finding => finding.Verdict != Verdict.Bad);
            Terminal.For(writer).Write(FindingsTable.Of(findings.Select(finding => (Word(finding.Verdict), finding.What, finding.Text))));
        }

        return isAllWell ? 0 : Failed;
    }

    private static async Task<ReadOnlyMemory<byte>> LookAsync(ProxyOptions options, TextWriter writer)
    {
        await writer.WriteLineAsync($"No proxy runs on {options.AdminHost}:{options.AdminPort}; this is what lies in the plugin folders, loaded for a look.");
        using var plugins = new LonePlugins(options);
        var found = await plugins.LookAsync();
        return AdminJson.Document(json => PluginView.WriteAll(json, found));
    }

    /// <returns>Null when it is not a proxy's status.</returns>
    private static JsonElement? Parse(ReadOnlyMemory<byte> answer)
    {
        try
        {
            using var document = JsonDocument.Parse(answer);
            return document.RootElement is { ValueKind: JsonValueKind.Object } root && root.TryGetProperty("plugins", out var plugins) && plugins.ValueKind == JsonValueKind.Array ? root.Clone() : null;
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
