using Bioproxy.Host.Configuration;
using Bioproxy.Host.Plugins;

namespace Bioproxy.Host.Doctor;

/// <summary>Takes a plugin through its whole life as the host does, and reports what its author or user needs to know.</summary>
/// <param name="loader">Loads it.</param>
/// <param name="options">The configuration with its settings.</param>
/// <param name="neighbours">The plugins that will be loaded beside it; it may be one of them.</param>
internal sealed class PluginCheck(PluginLoader loader, ProxyOptions options, IReadOnlyList<PluginStatus> neighbours)
{
    private const string Referenced =
        "It is still referenced, so every new version costs memory until the proxy stops. Usual reasons: a timer, thread or loop that it "
        + "does not stop, a handler of a process-wide event, or a static cache of the runtime (JsonSerializer without a source-generated "
        + "context).";

    /// <summary>The findings in the order of a plugin's life. Takes some seconds when the plugin does not unload.</summary>
    public async Task<IReadOnlyList<Finding>> RunAsync(PluginCandidate candidate)
    {
        var findings = new List<Finding>();
        if (await TryAsync(candidate, findings).ConfigureAwait(false) is not { } memory)
            return findings;
        var isReleased = await PluginMemory.IsReleasedAsync(memory).ConfigureAwait(false);
        findings.Add(isReleased ? Ok("unload", "It unloads.") : Note("unload", Referenced));
        return findings;
    }

    /// <summary>Everything up to the request to unload.</summary>
    /// <returns>What to wait for; null when there is nothing to wait for.</returns>
    private async Task<WeakReference?> TryAsync(PluginCandidate candidate, List<Finding> findings)
    {
        var (plugin, status) = await loader.MakeAsync(candidate).ConfigureAwait(false);
        if (status.Version is not null)
            findings.Add(Ok("plugin", $"{status.Name} {status.Version}"));
        if (status.State == PluginState.NotSupported)
        {
            findings.Add(Bad("api", status.Problem!));
            return null;
        }

        if (status.Api is not null)
        {
            findings.Add(Ok("api", $"It is built for API {status.Api}, the host has API {ContractAssemblies.Version.ToString(2)}."));
            findings.AddRange(status.Notes.Select(note => Note("copies", note)));
            findings.AddRange(CheckName(candidate));
        }

        if (plugin is null)
        {
            findings.Add(Bad("load", status.Problem!));
            return null;
        }

        findings.Add(Ok("load", "It loads."));
        findings.AddRange(status.Exports.Select(export => Ok("exports", export)));
        findings.AddRange(plugin.Missing.Select(Describe));
        findings.AddRange(NativeImports.Check(plugin, candidate));
        findings.AddRange(CheckNeighbours(candidate, status));
        findings.AddRange(await StartAndStopAsync(plugin).ConfigureAwait(false));
        if (await plugin.UnloadAsync().ConfigureAwait(false) is not { } problem)
            return plugin.Memory;
        findings.Add(Bad("unload", problem));
        return null;
    }

    private static Finding Describe(MissingReference missing)
    {
        var what = $"{missing.User}.dll uses the assembly '{missing.Name.Name}, Version={missing.Name.Version}', "
            + "which is neither in the plugin's folder nor in the host";
        return missing.IsDirect
            ? Bad("dependency", $"{what}: {PluginFaults.CopyEverything}")
            : Note("dependency", $"{what}: code that needs it will fail when it is called.");
    }

    private IEnumerable<Finding> CheckName(PluginCandidate candidate)
    {
        var dll = Path.GetFileNameWithoutExtension(candidate.MainFile)!;
        if (!dll.Equals(candidate.Name, StringComparison.OrdinalIgnoreCase))
            yield return Note("name", $"Its name is '{candidate.Name}', from its folder, not '{dll}'.");
        yield return Ok("settings", options.PluginSettings.ContainsKey(candidate.Name)
            ? $"The configuration has settings under plugins.{candidate.Name}."
            : $"The configuration has no settings under plugins.{candidate.Name}.");
    }

    private IEnumerable<Finding> CheckNeighbours(PluginCandidate candidate, PluginStatus status)
    {
        foreach (var other in neighbours.Where(other => other.Path != candidate.Path))
        {
            if (other.Name.Equals(candidate.Name, StringComparison.OrdinalIgnoreCase))
            {
                yield return Note("name", $"Another plugin of this name is in {other.Path}; the host loads the one it finds first.");
                continue;
            }

            foreach (var extension in status.Extensions.Intersect(other.Extensions, StringComparer.OrdinalIgnoreCase))
            {
                yield return Note(
                    "engine",
                    $"Plugin '{other.Name}' renders '{extension}', too; the first one found is used "
                    + "(plugins/ beside the program, then plugin_directories).");
            }

            foreach (var command in status.Commands.Intersect(other.Commands, StringComparer.Ordinal))
                yield return Note("command", $"Plugin '{other.Name}' has the command /{command}, too: both run.");
        }

        var off = options.Agents is { } agents ? status.Commands.Except(agents, StringComparer.Ordinal).ToList() : [];
        if (off.Count == 0)
            yield break;
        var names = string.Join(", ", off.Select(command => "/" + command));
        yield return Note("command", $"Switched off, because they are not in the configured agents: {names}.");
    }

    private static async Task<IReadOnlyList<Finding>> StartAndStopAsync(LoadedPlugin plugin)
    {
        if (!plugin.HasLifetime)
            return [];
        try
        {
            await plugin.StartAsync().ConfigureAwait(false);
        }
        catch (PluginFaultException e)
        {
            return [Bad("start", e.Message)];
        }

        var problems = await plugin.StopAsync(CancellationToken.None).ConfigureAwait(false);
        return
        [
            Ok("start", "It starts."),
            .. problems.Count == 0 ? [Ok("stop", "It stops.")] : problems.Select(problem => Bad("stop", $"Its stop failed. {problem}")),
        ];
    }

    private static Finding Ok(string what, string text) => new(Verdict.Ok, what, text);

    private static Finding Note(string what, string text) => new(Verdict.Info, what, text);

    private static Finding Bad(string what, string text) => new(Verdict.Bad, what, text);
}
