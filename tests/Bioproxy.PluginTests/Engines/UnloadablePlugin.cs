using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.Loader;
using Bioproxy.Abstractions;

namespace Bioproxy.PluginTests.Engines;

/// <summary>
/// Loads a plugin's engine as the host does: its own assemblies from bytes in a collectible context, the contract from the host.
/// </summary>
internal static class UnloadablePlugin
{
    /// <summary>Makes the engine, uses it, forgets it, unloads it, and waits until nothing of it is left.</summary>
    /// <param name="assemblies">The plugin's assemblies, itself first; they lie beside the tests.</param>
    /// <param name="engine">The full name of the engine's type.</param>
    /// <param name="use">What to do with it; must keep nothing of it.</param>
    /// <returns>Whether the plugin is still referenced.</returns>
    public static bool IsHeldAfter(string[] assemblies, string engine, Action<ITemplateEngine> use)
    {
        var context = LoadUseAndUnload(assemblies, engine, use);
        for (var i = 0; context.IsAlive && i < 20; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        return context.IsAlive;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference LoadUseAndUnload(string[] assemblies, string engine, Action<ITemplateEngine> use)
    {
        var context = new Context(assemblies);
        var assembly = context.LoadFromAssemblyName(new AssemblyName(assemblies[0]));
        Assert.NotSame(AssemblyLoadContext.Default, AssemblyLoadContext.GetLoadContext(assembly));
        using var services = new FakeServices { Json = """{ "variables": ["model", "date"] }""", Logger = new ListLogger() };
        use((ITemplateEngine)Activator.CreateInstance(assembly.GetType(engine, throwOnError: true)!, services)!);
        context.Unload();
        return new WeakReference(context, trackResurrection: true);
    }

    private sealed class Context(string[] assemblies) : AssemblyLoadContext("engine under test", isCollectible: true)
    {
        protected override Assembly? Load(AssemblyName assemblyName)
        {
            if (!assemblies.Contains(assemblyName.Name))
                return null;
            using var bytes = new MemoryStream(File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, assemblyName.Name + ".dll")));
            return LoadFromStream(bytes);
        }
    }
}
