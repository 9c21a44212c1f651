using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Bioproxy.Host.Plugins;

namespace Bioproxy.Host.Doctor;

/// <summary>Loads the native libraries that a plugin's code imports, as its first call would.</summary>
internal static class NativeImports
{
    /// <returns>One finding per library that the plugin itself imports or brings along.</returns>
    [MethodImpl(MethodImplOptions.NoInlining)] // nothing of the plugin may stay on the caller's stack
    public static List<Finding> Check(LoadedPlugin plugin, PluginCandidate candidate)
    {
        if (plugin.Context is not { } context)
            return [];
        var findings = new List<Finding>();
        var files = candidate.IsSingleFile ? [] : Directory.GetFiles(candidate.Path, "*", SearchOption.AllDirectories);
        foreach (var assembly in context.Assemblies)
        {
            foreach (var library in ImportsOf(assembly))
            {
                var brought = Array.FindAll(files, file => Path.GetFileName(file).Contains(library, StringComparison.OrdinalIgnoreCase));
                if (brought.Length == 0 && assembly.GetName().Name != Path.GetFileNameWithoutExtension(candidate.MainFile))
                    continue; // of another system perhaps, behind a check that its library makes
                findings.Add(CanLoad(library, assembly)
                    ? new Finding(Verdict.Ok, "native", $"{library}: it can be loaded on this machine "
                        + $"({RuntimeInformation.RuntimeIdentifier}).")
                    : new Finding(Verdict.Bad, "native", Problem(library, candidate, brought)));
            }
        }

        return findings;
    }

    private static IEnumerable<string> ImportsOf(Assembly assembly)
    {
        const BindingFlags All = BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;
        return TypesOf(assembly).SelectMany(type => type.GetMethods(All))
            .Where(method => method.Attributes.HasFlag(MethodAttributes.PinvokeImpl))
            .Select(method => method.GetCustomAttribute<DllImportAttribute>()?.Value).OfType<string>()
            .Distinct(StringComparer.Ordinal);
    }

    private static IEnumerable<Type> TypesOf(Assembly assembly)
    {
        try
        {
            return assembly.GetTypes();
        }
        catch (ReflectionTypeLoadException e)
        {
            return e.Types.OfType<Type>(); // a library's optional dependency is missing
        }
    }

    private static bool CanLoad(string library, Assembly assembly)
    {
        try
        {
            if (!NativeLibrary.TryLoad(library, assembly, null, out var handle))
                return false;
            NativeLibrary.Free(handle);
            return true;
        }
        catch (Exception e) when (e is DllNotFoundException or BadImageFormatException)
        {
            return false;
        }
    }

    private static string Problem(string library, PluginCandidate candidate, string[] brought)
    {
        var files = brought.Select(file => Path.GetRelativePath(candidate.Path, file)).Order(StringComparer.Ordinal);
        return $"{library}: it cannot be loaded on this machine ({RuntimeInformation.RuntimeIdentifier}). "
            + (brought.Length == 0 ? "The plugin does not bring it. " : $"The plugin brings {string.Join(", ", files)}. ")
            + "Publish the plugin for this machine, with its .deps.json.";
    }
}
