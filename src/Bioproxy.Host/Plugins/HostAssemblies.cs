using System.Collections.Frozen;
using System.Reflection;

namespace Bioproxy.Host.Plugins;

/// <summary>Tells which assemblies a plugin gets from the host, before its own folder is asked.</summary>
internal static class HostAssemblies
{
    private static readonly FrozenDictionary<string, string> Trusted = (AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES") as string ?? "")
        .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
        .GroupBy(path => Path.GetFileNameWithoutExtension(path), StringComparer.OrdinalIgnoreCase)
        .ToFrozenDictionary(paths => paths.Key, paths => paths.First(), StringComparer.OrdinalIgnoreCase);

    private static readonly Lazy<FrozenDictionary<string, string>> SharedFramework = new(FindSharedFramework);

    /// <summary>The contract always; the shared framework unless the plugin brings a newer version of one of its assemblies.</summary>
    public static bool Provides(AssemblyName requested)
    {
        if (requested.Name is not { } name)
            return false;
        if (ContractAssemblies.Names.Contains(name))
            return true;
        return Has(SharedFramework.Value, requested);
    }

    /// <summary>Whether a plugin that does not bring it finds it with the host: also what the host uses for itself.</summary>
    public static bool Have(AssemblyName requested) => Has(Trusted, requested);

    private static bool Has(FrozenDictionary<string, string> files, AssemblyName requested) =>
        requested.Name is { } name && files.TryGetValue(name, out var path) && (requested.Version is null || AssemblyName.GetAssemblyName(path).Version >= requested.Version);

    // The host's own packages (OpenTelemetry and the like) are no business of a plugin's: it may bring another version.
    // They lie beside the host, the shared framework does not, unless the host was published self-contained.
    private static FrozenDictionary<string, string> FindSharedFramework()
    {
        string[] folders =
        [
            Path.GetDirectoryName(typeof(object).Assembly.Location) ?? "",
            Path.GetDirectoryName(typeof(Microsoft.AspNetCore.Http.HttpContext).Assembly.Location) ?? "",
        ];
        return Trusted.Where(file => folders.Contains(Path.GetDirectoryName(file.Value), StringComparer.Ordinal))
            .ToFrozenDictionary(StringComparer.OrdinalIgnoreCase);
    }
}
