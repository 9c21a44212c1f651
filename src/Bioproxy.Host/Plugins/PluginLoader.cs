using System.Collections.Concurrent;
using System.Composition.Hosting;
using System.Reflection;
using Bioproxy.Abstractions;
using Bioproxy.Host.Configuration;
using Microsoft.Extensions.Logging;

namespace Bioproxy.Host.Plugins;

/// <summary>Loads plugins. A fault becomes that plugin's status; the others load on.</summary>
/// <param name="options">Names the folders to search after <c>plugins/</c> beside the host.</param>
/// <param name="hostOf">Makes what a plugin of that name is given.</param>
/// <param name="time">Tells when it was.</param>
/// <param name="logger">Hears what became of each plugin.</param>
internal sealed partial class PluginLoader(ProxyOptions options, Func<string, PluginHost> hostOf, TimeProvider time, ILogger<PluginLoader> logger)
{
    /// <summary>How long a plugin may take to be made: its constructors are its own code, and may do anything.</summary>
    private static readonly TimeSpan LoadLimit = TimeSpan.FromSeconds(10);

    private const string LeaveOut = $"Reference {ContractAssemblies.Contract} with Private=\"false\" ExcludeAssets=\"runtime\" to leave out what comes with it.";

    private readonly ConcurrentDictionary<string, string> _unreadable = new(StringComparer.Ordinal);

    /// <summary><c>plugins/</c> beside the host.</summary>
    public static string BuiltInDirectory { get; } = Path.Combine(AppContext.BaseDirectory, "plugins");

    /// <summary>The folders to search, in this order; of two plugins with one name the first found wins.</summary>
    public IReadOnlyList<string> Directories { get; } = [BuiltInDirectory, .. options.PluginDirectories];

    /// <param name="directories">Searched in this order.</param>
    public PluginSet Load(IEnumerable<string> directories)
    {
        // On the pool: whoever starts the proxy may have a context that waits for itself.
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

    /// <summary>What lies in the folders, in order, with the status of those whose name another one has.</summary>
    public IReadOnlyList<(PluginCandidate Candidate, PluginStatus? Disabled)> Find(IEnumerable<string> directories)
    {
        var found = new List<(PluginCandidate Candidate, PluginStatus? Disabled)>();
        foreach (var candidate in directories.Distinct(StringComparer.Ordinal).SelectMany(Find))
        {
            var first = found.Find(other => string.Equals(other.Candidate.Name, candidate.Name, StringComparison.OrdinalIgnoreCase)).Candidate;
            found.Add((candidate, first is null ? null : new PluginStatus
            {
                Name = candidate.Name,
                Path = candidate.Path,
                State = PluginState.Disabled,
                Problem = $"A plugin of this name was found before, in {first.Path}: remove or rename one of them.",
            }));
        }

        return found;
    }

    /// <summary>Whether a folder is there and could not be read at the last look: what lies in it is not gone.</summary>
    public bool IsUnreadable(string directory) => _unreadable.ContainsKey(directory) && Directory.Exists(directory);

    /// <summary>Loads one plugin and starts it, within a limit whatever its code does.</summary>
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
            Unload(plugin, candidate.Name);
            return (null, status with { State = PluginState.Faulted, Exports = [], Commands = [], LoadedAt = null, Problem = e.Message });
        }
    }

    /// <summary>Loads one plugin and makes its parts, within a limit whatever its code does. Nothing of it is started.</summary>
    public async Task<(LoadedPlugin? Plugin, PluginStatus Status)> MakeAsync(PluginCandidate candidate)
    {
        var loading = Task.Run(() => Load(candidate));
        try
        {
            return await loading.WaitAsync(LoadLimit).ConfigureAwait(false);
        }
        catch (TimeoutException) when (!loading.IsCompleted)
        {
            // Its thread is lost to it; should it ever come back, what it made is dropped.
            _ = DropAsync(loading, candidate.Name);
            return (null, new PluginStatus
            {
                Name = candidate.Name,
                Path = candidate.Path,
                State = PluginState.Faulted,
                Problem = $"It could not be made within {LoadLimit.TotalSeconds:0} s: a constructor hangs. Do such work in {nameof(IPluginLifetime)}.{nameof(IPluginLifetime.StartAsync)}, in the background.",
            });
        }
    }

    /// <summary>Unloads a plugin that is not used after all; what fails in it is logged.</summary>
    public void Unload(LoadedPlugin plugin, string name)
    {
        try
        {
            plugin.Unload();
        }
        catch (Exception e)
        {
            DisposeFailed(name, e);
        }
    }

    /// <summary>Says what became of a plugin.</summary>
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
            // Looked at every second, said once.
            if (!_unreadable.TryGetValue(directory, out var said) || said != e.Message)
                DirectoryUnreadable(directory, e.Message);
            _unreadable[directory] = e.Message;
            return [];
        }
    }

    private (LoadedPlugin? Plugin, PluginStatus Status) Load(PluginCandidate candidate)
    {
        var status = new PluginStatus { Name = candidate.Name, Path = candidate.Path, State = PluginState.Faulted, Problem = candidate.Problem };
        if (candidate.MainFile is null)
            return (null, status);

        PluginLoadContext? context = null;
        CompositionHost? container = null;
        PluginHost? services = null;
        try
        {
            var image = ReadImage(candidate.MainFile);
            status = status with { Version = image.Version.ToString(), Api = image.ContractVersion?.ToString(2), Notes = Notes(candidate) };
            CheckContract(candidate, image);

            context = new PluginLoadContext(candidate.Name, candidate.MainFile, candidate.IsSingleFile ? null : candidate.Path);
            var assembly = context.LoadBytes(image.Assembly, image.Symbols);
            status = status with { Version = VersionOf(assembly, image) };

            // Types that cannot be loaded show here, all at once, and not in the middle of somebody's request.
            var types = assembly.GetTypes();
            services = hostOf(candidate.Name);
            container = new ContainerConfiguration()
                .WithParts(types)
                .WithProvider(new InstanceExportProvider<IPluginHost>(services))
                .WithProvider(new InstanceExportProvider<IPluginServices>(services))
                .CreateContainer();
            var exports = PluginExports.Resolve(candidate.Name, container);
            if (exports.AreNone)
                throw PluginFaultException.Faulted("It exports nothing: does a class carry [PromptTransform], [ResponseTransform], [RequestHandler] or [TemplateEngine]?");

            status = status with { State = PluginState.Active, Exports = [.. exports.Describe()], Commands = [.. exports.Commands], Problem = null, LoadedAt = time.GetUtcNow() };
            return (new LoadedPlugin(status, exports, container, context, services), status);
        }
        catch (Exception e)
        {
            // The fence: whatever a plugin does while it is loaded, the host starts without it.
            Discard(candidate.Name, container, context);
            services?.Dispose();
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
            Unload(plugin, name);
    }

    private static PluginImage ReadImage(string file)
    {
        try
        {
            return PluginImage.Read(file);
        }
        catch (BadImageFormatException e)
        {
            throw PluginFaultException.Faulted($"{Path.GetFileName(file)} is not a .NET assembly: copy the plugin's build output again.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw PluginFaultException.Faulted($"{Path.GetFileName(file)} cannot be read: {e.Message}", e);
        }
    }

    private static void CheckContract(PluginCandidate candidate, PluginImage image)
    {
        if (image.ContractVersion is null)
        {
            throw PluginFaultException.Faulted(candidate.IsSingleFile
                ? $"It does not use {ContractAssemblies.Contract}, so it is no plugin: a plugin with dependencies belongs in a folder of its own."
                : $"It exports nothing: {Path.GetFileName(candidate.MainFile)} does not use {ContractAssemblies.Contract}.");
        }

        if (image.ContractVersion.Major != PluginApi.Version)
        {
            throw new PluginFaultException(
                PluginState.NotSupported,
                $"It is built for API {image.ContractVersion.Major}, the host has API {PluginApi.Version}: "
                + $"use a build of the plugin for {ContractAssemblies.Contract} {PluginApi.Version}.x.");
        }

        var host = ContractAssemblies.Version;
        if (image.ContractVersion.Minor > host.Minor)
        {
            throw new PluginFaultException(
                PluginState.NotSupported,
                $"It is built for API {image.ContractVersion.ToString(2)}, the host has API {host.ToString(2)}: use a newer host, or a build of the plugin for {ContractAssemblies.Contract} {host.ToString(2)}.");
        }
    }

    private static string[] Notes(PluginCandidate candidate)
    {
        string[] copies = candidate.IsSingleFile ? [] : [.. ContractAssemblies.Names.Select(name => name + ".dll").Where(file => File.Exists(Path.Combine(candidate.Path, file))).Order(StringComparer.Ordinal)];
        return copies.Length switch
        {
            0 => [],
            1 => [$"Its own copy of {copies[0]} is ignored; the host's is used. {LeaveOut}"],
            _ => [$"Its own copies of {string.Join(", ", copies)} are ignored; the host's are used. {LeaveOut}"],
        };
    }

    private static string VersionOf(Assembly assembly, PluginImage image)
    {
        var version = assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion;
        return version?.Split('+')[0] ?? image.Version.ToString();
    }

    private void Discard(string name, CompositionHost? container, PluginLoadContext? context)
    {
        try
        {
            container?.Dispose();
        }
        catch (Exception e)
        {
            DisposeFailed(name, e);
        }

        context?.End();
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "Plugin '{Plugin}' {Version} loaded ({Exports}) from {Path}")]
    private partial void Loaded(string plugin, string? version, string exports, string path);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Plugin '{Plugin}' is {State}. {Problem} ({Path})")]
    private partial void NotLoaded(string plugin, PluginState state, string? problem, string path);

    [LoggerMessage(Level = LogLevel.Information, Message = "Plugin '{Plugin}': {Note}")]
    private partial void Noted(string plugin, string note);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Plugin directory {Directory} cannot be searched: {Reason}")]
    private partial void DirectoryUnreadable(string directory, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Plugin '{Plugin}' could not be loaded, and its parts could not be disposed of either")]
    private partial void DisposeFailed(string plugin, Exception exception);
}
