using System.Reflection;
using System.Runtime.Loader;
using McMaster.NETCore.Plugins.Loader;

namespace Bioproxy.Host.Plugins;

/// <summary>
/// Loads a plugin's assemblies into a collectible context of their own, the contract's from the host. Managed ones are read into memory,
/// never mapped, so <see cref="Assembly.Location"/> is empty in a plugin.
/// </summary>
internal static class PluginAssemblies
{
    /// <param name="mainFile">The main DLL, in the plugin's private copy.</param>
    /// <returns>The context to unload.</returns>
    /// <remarks>
    /// The package's builder is used instead of its <c>PluginLoader</c>: with assemblies in memory, that one copies native libraries once
    /// more, to a folder that a crash leaves behind, and it searches the host's probing paths for what the plugin lacks.
    /// </remarks>
    public static AssemblyLoadContext CreateContext(string mainFile)
    {
        var builder = new AssemblyLoadContextBuilder().SetMainAssemblyPath(mainFile).EnableUnloading().PreloadAssembliesIntoMemory();
        foreach (var assembly in ContractAssemblies.Shared)
            builder.PreferDefaultLoadContextAssembly(assembly);
        return builder.Build();
    }

    /// <summary>Loads the main DLL, whatever its assembly is called.</summary>
    public static Assembly LoadMain(AssemblyLoadContext context, string mainFile)
    {
        using var assembly = File.OpenRead(mainFile);
        var symbolFile = Path.ChangeExtension(mainFile, ".pdb");
        using var symbols = File.Exists(symbolFile) ? File.OpenRead(symbolFile) : null;
        return context.LoadFromStream(assembly, symbols);
    }

    /// <summary>Loads all assemblies that the plugin's code refers to, directly or through its libraries.</summary>
    /// <returns>The ones that can be found neither in the plugin's folder nor in the host.</returns>
    public static IReadOnlyList<MissingReference> LoadReferences(AssemblyLoadContext context, Assembly main)
    {
        var missing = new List<MissingReference>();
        var seen = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        var waiting = new Queue<Assembly>([main]);
        while (waiting.TryDequeue(out var assembly))
        {
            foreach (var reference in assembly.GetReferencedAssemblies().Where(reference => seen.Add(reference.Name!)))
            {
                try
                {
                    var loaded = context.LoadFromAssemblyName(reference);
                    if (AssemblyLoadContext.GetLoadContext(loaded) == context)
                        waiting.Enqueue(loaded);
                }
                catch (Exception e) when (e is IOException or BadImageFormatException)
                {
                    missing.Add(new MissingReference(reference, assembly.GetName().Name!, assembly == main));
                }
            }
        }

        return missing;
    }
}
