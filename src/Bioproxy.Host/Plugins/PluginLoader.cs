using System.Composition.Hosting;
using System.Reflection;
using Bioproxy.Abstractions;
using Bioproxy.Host.Configuration;
using Microsoft.Extensions.Logging;

namespace Bioproxy.Host.Plugins;

/// <summary>Finds and loads all plugins. A fault becomes that plugin's status; the others load on.</summary>
/// <param name="options">Names the folders to search after <c>plugins/</c> beside the host.</param>
/// <param name="hostOf">Makes what a plugin of that name is given.</param>
/// <param name="logger">Hears what became of each plugin.</param>
internal sealed partial class PluginLoader(ProxyOptions options, Func<string, IPluginHost> hostOf, ILogger<PluginLoader> logger)
{
    /// <summary><c>plugins/</c> beside the host.</summary>
    public static string BuiltInDirectory { get; } = Path.Combine(AppContext.BaseDirectory, "plugins");

    public PluginSet Load() => Load([BuiltInDirectory, .. options.PluginDirectories]);

    /// <param name="directories">Searched in this order; of two plugins with one name the first found wins.</param>
    public PluginSet Load(IEnumerable<string> directories)
    {
        var found = new List<(LoadedPlugin? Plugin, PluginStatus Status)>();
        foreach (var candidate in directories.Distinct(StringComparer.Ordinal).SelectMany(Find))
        {
            var first = found.Find(other => string.Equals(other.Status.Name, candidate.Name, StringComparison.OrdinalIgnoreCase)).Status;
            found.Add(first is null ? Load(candidate) : (null, new PluginStatus
            {
                Name = candidate.Name,
                Path = candidate.Path,
                State = PluginState.Disabled,
                Problem = $"A plugin of this name was found before, in {first.Path}: remove or rename one of them.",
            }));
        }

        var set = new PluginSet(found);
        foreach (var status in set.Statuses)
            Log(status);
        return set;
    }

    private List<PluginCandidate> Find(string directory)
    {
        try
        {
            return [.. PluginFinder.Find(directory)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            DirectoryUnreadable(directory, e.Message);
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
        try
        {
            var image = ReadImage(candidate.MainFile);
            status = status with { Version = image.Version.ToString(), Notes = Notes(candidate) };
            CheckContract(candidate, image);

            context = new PluginLoadContext(candidate.Name, candidate.MainFile);
            var assembly = context.LoadBytes(image.Assembly, image.Symbols);
            status = status with { Version = VersionOf(assembly, image) };

            // Types that cannot be loaded show here, all at once, and not in the middle of somebody's request.
            var types = assembly.GetTypes();
            container = new ContainerConfiguration()
                .WithParts(types)
                .WithProvider(new InstanceExportProvider<IPluginHost>(hostOf(candidate.Name)))
                .CreateContainer();
            var exports = PluginExports.Resolve(candidate.Name, container);
            if (exports is { Transforms: [], Engines: [] })
                throw PluginFaultException.Faulted("It exports nothing: does a class carry [PromptTransform] or [TemplateEngine]?");

            status = status with { State = PluginState.Active, Exports = [.. exports.Describe()], Problem = null };
            return (new LoadedPlugin(status, exports, container, context), status);
        }
        catch (Exception e)
        {
            // The fence: whatever a plugin does while it is loaded, the host starts without it.
            Discard(candidate.Name, container, context);
            return (null, status with
            {
                State = (e as PluginFaultException)?.State ?? PluginState.Faulted,
                Problem = e is PluginFaultException ? e.Message : PluginFaults.Describe(e),
            });
        }
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
    }

    private static string[] Notes(PluginCandidate candidate)
    {
        if (candidate.IsSingleFile || !File.Exists(Path.Combine(candidate.Path, ContractAssemblies.Contract + ".dll")))
            return [];
        return [$"Its own copy of {ContractAssemblies.Contract}.dll is ignored; the host's is used. Reference it with Private=\"false\" to leave it out."];
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

        context?.Unload();
    }

    private void Log(PluginStatus status)
    {
        if (status.State == PluginState.Active)
            Loaded(status.Name, status.Version, string.Join("; ", status.Exports), status.Path);
        else
            NotLoaded(status.Name, status.State, status.Problem, status.Path);
        foreach (var note in status.Notes)
            Noted(status.Name, note);
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
