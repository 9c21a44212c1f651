using System.Reflection;
using System.Runtime.Loader;

namespace Bioproxy.Host.Plugins;

/// <summary>
/// One plugin's assemblies. They are loaded from bytes, never mapped: a mapped DLL that is overwritten in place kills the
/// process. <see cref="Assembly.Location"/> is therefore empty in a plugin.
/// </summary>
internal sealed class PluginLoadContext(string name, string mainFile) : AssemblyLoadContext("plugin " + name, isCollectible: true)
{
    private readonly AssemblyDependencyResolver _resolver = new(mainFile);

    public Assembly LoadBytes(byte[] assembly, byte[]? symbols)
    {
        using var assemblyStream = new MemoryStream(assembly, writable: false);
        using var symbolStream = symbols is null ? null : new MemoryStream(symbols, writable: false);
        return LoadFromStream(assemblyStream, symbolStream);
    }

    protected override Assembly? Load(AssemblyName assemblyName)
    {
        if (HostAssemblies.Provides(assemblyName))
            return null;
        if (_resolver.ResolveAssemblyToPath(assemblyName) is not { } path)
            return null;
        var symbols = System.IO.Path.ChangeExtension(path, ".pdb");
        return LoadBytes(File.ReadAllBytes(path), File.Exists(symbols) ? File.ReadAllBytes(symbols) : null);
    }

    // The operating system insists on mapping native libraries.
    protected override nint LoadUnmanagedDll(string unmanagedDllName) =>
        _resolver.ResolveUnmanagedDllToPath(unmanagedDllName) is { } path ? LoadUnmanagedDllFromPath(path) : 0;
}
