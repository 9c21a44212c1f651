using System.Collections.Concurrent;
using System.Composition.Hosting;
using System.Reflection;
using System.Runtime.Loader;
using Bioproxy.Abstractions;
using Bioproxy.Host.Configuration;
using Bioproxy.Host.Threading;
using Microsoft.Extensions.Logging;

namespace Bioproxy.Host.Plugins;

/// <summary>Finds and loads plugins. A fault becomes that plugin's status; the others are loaded all the same.</summary>
/// <param name="options">The folders to search after <c>plugins/</c> beside the host.</param>
/// <param name="hostOf">Creates the services of the plugin with this name.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">The log.</param>
internal sealed partial class PluginLoader(
    ProxyOptions options, Func<string, PluginHost> hostOf, TimeProvider time, ILogger<PluginLoader> logger)
{
    /// <summary>How long a plugin's constructors may take.</summary>
    private static readonly TimeSpan LoadLimit = TimeSpan.FromSeconds(10);

    private const string LeaveOut =
        $"Reference {ContractAssemblies.Contract} with Private=\"false\" ExcludeAssets=\"runtime\" to leave these files out.";

    private readonly ConcurrentDictionary<string, string> _unreadable = new(StringComparer.Ordinal);

    /// <summary>The folders to search, in this order; of two plugins with the same name the first one wins.</summary>
    public IReadOnlyList<string> Directories { get; } = [.. BuiltInDirectories(), .. options.PluginDirectories];

    /// <param name="directories">Searched in this order.</param>
    public PluginSet Load(IEnumerable<string> directories)
    {
        // On the thread pool: the caller may have a synchronization context, which would wait for itself.
        var found = Task.Run(async () =>
        {
            var all = new List<(LoadedPlugin? Plugin, PluginStatus Status)>();
            foreach (var (candidate, disabled) in Find(directories))
            {
                var (plugin, status) = disabled is null ? await LoadAsync(candidate).ConfigureAwait(false) : (null, disabled);
                Log(status);
                all.Add((plugin, status));
            }

            return all;
        }).GetAwaiter().GetResult();
        return new PluginSet(found, options.Agents);
    }

    /// <summary>Deletes what earlier processes that crashed left behind.</summary>
    public static void CleanUp() => TemporaryFolder.DeleteAbandoned(Path.GetTempPath());

    /// <summary>The plugins in the folders, in order, with the status of those whose name is already taken.</summary>
    public IReadOnlyList<(PluginCandidate Candidate, PluginStatus? Disabled)> Find(IEnumerable<string> directories)
    {
        var found = new List<(PluginCandidate Candidate, PluginStatus? Disabled)>();
        foreach (var candidate in directories.Distinct(StringComparer.Ordinal).SelectMany(Find))
        {
            var first = found.Find(other => other.Candidate.Name.Equals(candidate.Name, StringComparison.OrdinalIgnoreCase)).Candidate;
            found.Add((candidate, first is null ? null : new PluginStatus
            {
                Name = candidate.Name,
                Path = candidate.Path,
                State = PluginState.Disabled,
                Problem = $"Another plugin of this name was found first, in {first.Path}: remove or rename one of them.",
            }));
        }

        return found;
    }

    /// <summary>Whether a folder exists but could not be read at the last check: its plugins are not gone.</summary>
    public bool IsUnreadable(string directory) => _unreadable.ContainsKey(directory) && Directory.Exists(directory);

    /// <summary>Loads and starts one plugin. Bounded in time, whatever its code does.</summary>
    public async Task<(LoadedPlugin? Plugin, PluginStatus Status)> LoadAsync(PluginCandidate candidate)
    {
        var (plugin, status) = await MakeAsync(candidate).ConfigureAwait(false);
        if (plugin is null)
            return (null, status);
        try
        {
            await plugin.StartAsync().ConfigureAwait(false);
            return (plugin, status);
        }
        catch (PluginFaultException e)
        {
            await UnloadAsync(plugin, candidate.Name).ConfigureAwait(false);
            return (null, status with { State = PluginState.Faulted, Exports = [], Commands = [], LoadedAt = null, Problem = e.Message });
        }
    }

    /// <summary><c>plugins/</c> beside the host, and what the host carries itself.</summary>
    private static IEnumerable<string> BuiltInDirectories()
    {
        yield return Path.Combine(AppContext.BaseDirectory, "plugins");
        if (EmbeddedPlugins.Directory is { } embedded)
            yield return embedded;
    }

    /// <summary>Loads one plugin and creates its parts without starting them. Bounded in time, whatever its code does.</summary>
    public async Task<(LoadedPlugin? Plugin, PluginStatus Status)> MakeAsync(PluginCandidate candidate)
    {
        var loading = Task.Run(() => Load(candidate));
        if (await loading.EndsWithinAsync(LoadLimit, time).ConfigureAwait(false))
            return await loading.ConfigureAwait(false);

        // Its thread stays blocked; should it ever return, the plugin is unloaded.
        _ = DropAsync(loading, candidate.Name);
        return (null, new PluginStatus
        {
            Name = candidate.Name,
            Path = candidate.Path,
            State = PluginState.Faulted,
            Problem = $"It could not be loaded within {LoadLimit.TotalSeconds:0} s: a constructor hangs. "
                + $"Do such work in {nameof(IPluginLifetime)}.{nameof(IPluginLifetime.StartAsync)}, in the background.",
        });
    }

    /// <summary>Unloads a plugin that is not going to be used; its failures are logged.</summary>
    public async Task UnloadAsync(LoadedPlugin plugin, string name)
    {
        if (await plugin.UnloadAsync().ConfigureAwait(false) is { } problem)
            UnloadFailed(name, problem);
    }

    /// <summary>Logs why the built-in plugins are missing, if they are.</summary>
    public void LogMissingBuiltIns()
    {
        if (EmbeddedPlugins.Problem is { } problem)
            BuiltInsMissing(problem);
    }

    /// <summary>Logs the outcome of loading a plugin.</summary>
    public void Log(PluginStatus status)
    {
        if (status.State == PluginState.Active)
            Loaded(status.Name, status.Version, string.Join("; ", status.Exports), status.Path);
        else
            NotLoaded(status.Name, status.State, status.Problem, status.Path);
        foreach (var note in status.Notes)
            Noted(status.Name, note);
    }

    private List<PluginCandidate> Find(string directory)
    {
        try
        {
            List<PluginCandidate> found = [.. PluginFinder.Find(directory)];
            _unreadable.TryRemove(directory, out _);
            return found;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Checked every second, logged once.
            if (!_unreadable.TryGetValue(directory, out var said) || said != e.Message)
                DirectoryUnreadable(directory, e.Message);
            _unreadable[directory] = e.Message;
            return [];
        }
    }

    private (LoadedPlugin? Plugin, PluginStatus Status) Load(PluginCandidate candidate)
    {
        var status = new PluginStatus
        {
            Name = candidate.Name,
            Path = candidate.Path,
            State = PluginState.Faulted,
            Problem = candidate.Problem,
        };
        if (candidate.MainFile is null)
            return (null, status);

        PluginCopy? copy = null;
        AssemblyLoadContext? context = null;
        CompositionHost? container = null;
        PluginHost? services = null;
        try
        {
            copy = PluginCopy.Of(candidate, Path.GetTempPath());
            var metadata = PluginMetadata.Read(copy.MainFile);
            status = status with
            {
                Version = metadata.Version.ToString(),
                Api = metadata.ContractVersion?.ToString(2),
                Notes = [.. Notes(candidate, copy)],
            };
            CheckContract(candidate, metadata);

            context = PluginAssemblies.CreateContext(copy.MainFile);
            var assembly = PluginAssemblies.LoadMain(context, copy.MainFile);
            status = status with { Version = VersionOf(assembly, metadata) };

            // Types that cannot be loaded show here, all at once, and not in the middle of a request.
            var types = assembly.GetTypes();
            var missing = PluginAssemblies.LoadReferences(context, assembly);
            services = hostOf(candidate.Name);
            container = new ContainerConfiguration()
                .WithParts(types)
                .WithProvider(new InstanceExportProvider<IPluginHost>(services))
                .WithProvider(new InstanceExportProvider<IPluginServices>(services))
                .CreateContainer();
            var exports = PluginExports.Resolve(candidate.Name, container);
            if (exports.AreNone)
            {
                throw PluginFaultException.Faulted(
                    "No exports found. Is a class marked with [PromptTransform], [ResponseTransform], [RequestHandler], "
                    + "[TemplateEngine] or [AnswerObserver]?");
            }

            status = status with
            {
                State = PluginState.Active,
                Exports = [.. exports.Describe()],
                Commands = [.. exports.Commands],
                Extensions = [.. exports.Engines.SelectMany(engine => engine.Extensions)],
                Problem = null,
                LoadedAt = time.GetUtcNow(),
            };
            return (new LoadedPlugin(status, exports, container, context, [services, copy], time) { Missing = missing }, status);
        }
        catch (Exception e)
        {
            // Whatever a plugin's code does while it is loaded, the host starts without it.
            Discard(candidate.Name, container, context);
            services?.Dispose();
            copy?.Dispose();
            return (null, status with
            {
                State = (e as PluginFaultException)?.State ?? PluginState.Faulted,
                Problem = e is PluginFaultException ? e.Message : PluginFaults.Describe(e),
            });
        }
    }

    private async Task DropAsync(Task<(LoadedPlugin? Plugin, PluginStatus Status)> late, string name)
    {
        if (await late.ConfigureAwait(false) is { Plugin: { } plugin })
            await UnloadAsync(plugin, name).ConfigureAwait(false);
    }

    private static void CheckContract(PluginCandidate candidate, PluginMetadata metadata)
    {
        if (metadata.ContractVersion is not { } used)
        {
            throw PluginFaultException.Faulted(candidate.IsSingleFile
                ? $"It does not use {ContractAssemblies.Contract}, so it is not a plugin: "
                    + "a plugin with dependencies belongs in a folder of its own."
                : $"No exports found: {Path.GetFileName(candidate.MainFile)} does not use {ContractAssemblies.Contract}.");
        }

        var host = ContractAssemblies.Version;
        if (used.Major != PluginApi.Version)
        {
            throw NotSupported(
                $"It is built for API {used.Major}, the host has API {PluginApi.Version}: "
                + $"use a build of the plugin for {ContractAssemblies.Contract} {PluginApi.Version}.x.");
        }

        if (used.Minor > host.Minor)
        {
            throw NotSupported(
                $"It is built for API {used.ToString(2)}, the host has API {host.ToString(2)}: "
                + $"use a newer host, or a build of the plugin for {ContractAssemblies.Contract} {host.ToString(2)}.");
        }
    }

    private static PluginFaultException NotSupported(string problem) => new(PluginState.NotSupported, problem);

    private static IEnumerable<string> Notes(PluginCandidate candidate, PluginCopy copy)
    {
        if (copy.Note is { } note)
            yield return note;
        string[] copies = candidate.IsSingleFile ? [] :
        [
            .. ContractAssemblies.Names.Select(name => name + ".dll")
                .Where(file => File.Exists(Path.Combine(candidate.Path, file))).Order(StringComparer.Ordinal),
        ];
        if (copies.Length == 1)
            yield return $"Its own copy of {copies[0]} is ignored; the host's is used. {LeaveOut}";
        else if (copies.Length > 1)
            yield return $"Its own copies of {string.Join(", ", copies)} are ignored; the host's are used. {LeaveOut}";
    }

    private static string VersionOf(Assembly assembly, PluginMetadata metadata)
    {
        var version = assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion;
        return version?.Split('+')[0] ?? metadata.Version.ToString();
    }

    private void Discard(string name, CompositionHost? container, AssemblyLoadContext? context)
    {
        try
        {
            container?.Dispose();
        }
        catch (Exception e)
        {
            UnloadFailed(name, PluginFaults.Describe(e));
        }

        context?.Unload();
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "Plugin '{Plugin}' {Version} loaded ({Exports}) from {Path}")]
    private partial void Loaded(string plugin, string? version, string exports, string path);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Plugin '{Plugin}' is {State}. {Problem} ({Path})")]
    private partial void NotLoaded(string plugin, PluginState state, string? problem, string path);

    [LoggerMessage(Level = LogLevel.Information, Message = "Plugin '{Plugin}': {Note}")]
    private partial void Noted(string plugin, string note);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Problem}")]
    private partial void BuiltInsMissing(string problem);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Plugin directory {Directory} cannot be searched: {Reason}")]
    private partial void DirectoryUnreadable(string directory, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Plugin '{Plugin}' was not unloaded cleanly. {Problem}")]
    private partial void UnloadFailed(string plugin, string problem);
}
