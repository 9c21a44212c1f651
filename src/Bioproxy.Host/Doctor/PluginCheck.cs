using System.Runtime.CompilerServices;
using Bioproxy.Host.Configuration;
using Bioproxy.Host.Plugins;

namespace Bioproxy.Host.Doctor;

/// <summary>Does with a plugin what the host does with it, from its files to its end, and tells what a person needs to know about it.</summary>
/// <param name="loader">Loads it.</param>
/// <param name="options">Have its settings.</param>
/// <param name="neighbours">The plugins it will be among; it may be one of them.</param>
internal sealed class PluginCheck(PluginLoader loader, ProxyOptions options, IReadOnlyList<PluginNeighbour> neighbours)
{
    private const string Held =
        "Something holds on to it, so that every new version costs memory until the proxy ends: a timer, thread or loop that it does not stop, "
        + "an event of the process that it listens to, or a static cache of the runtime's (JsonSerializer without a source-generated context).";

    /// <summary>The lines in the order of a plugin's life. Takes some seconds when something holds on to it.</summary>
    public async Task<IReadOnlyList<Finding>> RunAsync(PluginCandidate candidate)
    {
        var findings = new List<Finding>();
        if (await TryAsync(candidate, findings).ConfigureAwait(false) is { } left)
            findings.Add(await PluginMemory.IsLeftAsync(left).ConfigureAwait(false) ? Ok("unload", "It unloads.") : Note("unload", Held));
        return findings;
    }

    /// <summary>All but the last line. What it returns is all that it leaves of the plugin.</summary>
    /// <returns>Null when there is no end to wait for.</returns>
    private async Task<WeakReference?> TryAsync(PluginCandidate candidate, List<Finding> findings)
    {
        var (plugin, status) = await loader.MakeAsync(candidate).ConfigureAwait(false);
        if (status.Version is not null)
            findings.Add(Ok("plugin", $"{status.Name} {status.Version}"));
        if (status.Api is not null)
        {
            findings.Add(status.State == PluginState.NotSupported ? Bad("api", status.Problem!) : Ok("api", $"It is built for API {status.Api}, the host has API {ContractAssemblies.Version.ToString(2)}."));
            if (status.State == PluginState.NotSupported)
                return null;
            findings.AddRange(status.Notes.Select(note => Note("copies", note)));
            findings.AddRange(LookAtFiles(candidate));
            findings.AddRange(LookAtName(candidate));
        }

        if (plugin is null)
        {
            findings.Add(Bad("load", status.Problem!));
            return null;
        }

        findings.Add(Ok("load", "It loads."));
        findings.AddRange(status.Exports.Select(export => Ok("exports", export)));
        findings.AddRange(Meet(candidate, plugin.Engines.SelectMany(engine => engine.Extensions), status.Commands));
        findings.AddRange(await LiveAsync(plugin).ConfigureAwait(false));
        return Unload(plugin, findings);
    }

    private static List<Finding> LookAtFiles(PluginCandidate candidate)
    {
        try
        {
            var files = new PluginFiles(candidate);
            List<Finding> findings = [];
            if (files.UnusedCopies() is { Count: > 0 } copies)
                findings.Add(Note("copies", $"It brings {string.Join(", ", copies)}, which the host has as new or newer and uses instead. Reference the packages they come from with ExcludeAssets=\"runtime\" to leave them out."));
            findings.AddRange(files.Missing().Select(missing => Describe(missing, candidate)));
            findings.AddRange(files.NativeLibraries().Select(Describe));
            return findings;
        }
        catch (Exception e) when (e is InvalidOperationException or IOException or UnauthorizedAccessException)
        {
            return [Bad("files", PluginFaults.Describe(e))];
        }
    }

    private static Finding Describe(MissingAssembly missing, PluginCandidate candidate)
    {
        var what = $"{missing.User} uses the assembly '{missing.Name.Name}, Version={missing.Name.Version}', which is neither beside it nor in the host";
        if (!missing.IsDirect)
            return Note("dependency", $"{what}: what needs it fails when it is called.");
        return Bad("dependency", candidate.IsSingleFile
            ? $"{what}: a plugin that brings assemblies belongs in a folder of its own; a single DLL gets none from beside it."
            : $"{what}: copy the whole output of 'dotnet publish' into the plugin's folder, with the .deps.json.");
    }

    private static Finding Describe(NativeLibrary library)
    {
        if (library.Chosen is { } file)
            return Ok("native", $"{library.Name}: {file} suits this machine ({NativeMachine.Here}).");
        var problem = $"{library.Name}: none that would be found suits this machine ({NativeMachine.Here}); it brings {string.Join(", ", library.Machines)}.";
        return library.IsImported ? Bad("native", $"{problem} Publish the plugin for this machine, with its .deps.json.") : Note("native", problem);
    }

    private IEnumerable<Finding> LookAtName(PluginCandidate candidate)
    {
        var dll = Path.GetFileNameWithoutExtension(candidate.MainFile)!;
        if (!dll.Equals(candidate.Name, StringComparison.OrdinalIgnoreCase))
            yield return Note("name", $"It is called '{candidate.Name}' after its folder, not '{dll}'.");
        yield return Ok("settings", options.PluginSettings.ContainsKey(candidate.Name)
            ? $"The configuration has some under plugins.{candidate.Name}."
            : $"The configuration has none under plugins.{candidate.Name}.");
    }

    private IEnumerable<Finding> Meet(PluginCandidate candidate, IEnumerable<string> extensions, IReadOnlyList<string> commands)
    {
        foreach (var other in neighbours.Where(other => other.Path != candidate.Path))
        {
            if (other.Name.Equals(candidate.Name, StringComparison.OrdinalIgnoreCase))
            {
                yield return Note("name", $"Another plugin of this name lies in {other.Path}: of the two the host loads the one it finds first.");
                continue;
            }

            foreach (var extension in extensions.Intersect(other.Extensions, StringComparer.OrdinalIgnoreCase))
                yield return Note("engine", $"Plugin '{other.Name}' renders '{extension}' too: the one that is found first is used (plugins/ beside the program, then plugin_directories).");
            foreach (var command in commands.Intersect(other.Commands, StringComparer.Ordinal))
                yield return Note("command", $"Plugin '{other.Name}' has the command /{command} too: both run.");
        }

        var off = options.Agents is { } agents ? commands.Except(agents, StringComparer.Ordinal).ToList() : [];
        if (off.Count > 0)
            yield return Note("command", $"Not among the agents of the configuration, so switched off: {string.Join(", ", off.Select(command => "/" + command))}.");
    }

    private static async Task<IReadOnlyList<Finding>> LiveAsync(LoadedPlugin plugin)
    {
        if (!plugin.HasLife)
            return [];
        try
        {
            await plugin.StartAsync().ConfigureAwait(false);
        }
        catch (PluginFaultException e)
        {
            return [Bad("start", e.Message)];
        }

        var problems = await plugin.StopAsync().ConfigureAwait(false);
        return [Ok("start", "It starts."), .. problems.Count == 0 ? [Ok("stop", "It stops.")] : problems.Select(problem => Bad("stop", $"Its stop failed. {problem}"))];
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference? Unload(LoadedPlugin plugin, List<Finding> findings)
    {
        try
        {
            return plugin.Unload();
        }
        catch (Exception e)
        {
            findings.Add(Bad("unload", $"One of its parts failed to dispose of itself. {PluginFaults.Describe(e)}"));
            return null;
        }
    }

    private static Finding Ok(string what, string text) => new(Verdict.Ok, what, text);

    private static Finding Note(string what, string text) => new(Verdict.Info, what, text);

    private static Finding Bad(string what, string text) => new(Verdict.Bad, what, text);
}
