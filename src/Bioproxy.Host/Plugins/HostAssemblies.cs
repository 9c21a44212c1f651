using System.Collections.Frozen;
using System.Reflection;

namespace Bioproxy.Host.Plugins;

/// <summary>Tells which assemblies a plugin gets from the host, before its own folder is asked.</summary>
internal static class HostAssemblies
{
    private static readonly Lazy<FrozenDictionary<string, string>> SharedFramework = new(FindSharedFramework);

    /// <summary>The contract always; the shared framework unless the plugin brings a newer version of one of its assemblies.</summary>
    public static bool Provides(AssemblyName requested)
    {
        if (requested.Name is not { } name)
            return false;
        if (ContractAssemblies.Names.Contains(name))
            return true;
        return SharedFramework.Value.TryGetValue(name, out var path)
            && (requested.Version is null || AssemblyName.GetAssemblyName(path).Version >= requested.Version);
    }

    // The host's own packages (OpenTelemetry and the like) are no business of a plugin's: it may bring another version.
    // They lie beside the host, the shared framework does not, unless the host was published self-contained.
    private static FrozenDictionary<string, string> FindSharedFramework()
    {
        string[] folders =
        [
            Path.GetDirectoryName(typeof(object).Assembly.Location) ?? "",
            Path.GetDirectoryName(typeof(Microsoft.AspNetCore.Http.HttpContext).Assembly.Location) ?? "",
        ];
        var trusted = AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES") as string ?? "";
        return trusted.Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .Where(path => folders.Contains(Path.GetDirectoryName(path), StringComparer.Ordinal))
            .GroupBy(path => Path.GetFileNameWithoutExtension(path), StringComparer.OrdinalIgnoreCase)
            .ToFrozenDictionary(paths => paths.Key, paths => paths.First(), StringComparer.OrdinalIgnoreCase);
    }
}
