using System.Collections.Concurrent;
using System.Reflection;
using System.Runtime.Loader;

namespace Bioproxy.Host.Plugins;

/// <summary>
/// One plugin's assemblies, as its folder held them when it was loaded: what lies there later belongs to the next version. Managed ones are
/// loaded from bytes, never mapped: a mapped DLL that is overwritten in place kills the process. <see cref="Assembly.Location"/> is
/// therefore empty in a plugin. Native ones the operating system insists on mapping: they are mapped from copies of our own.
/// </summary>
internal sealed class PluginLoadContext : AssemblyLoadContext
{
    private readonly AssemblyDependencyResolver _resolver;
    private readonly ConcurrentDictionary<string, byte[]> _files = new(StringComparer.Ordinal);
    private readonly Lazy<string> _nativeFolder = new(() => Directory.CreateTempSubdirectory("bioproxy-native-").FullName);

    /// <param name="name">The plugin's name.</param>
    /// <param name="mainFile">Its main DLL.</param>
    /// <param name="folder">The folder that is all its own; null for a single file.</param>
    public PluginLoadContext(string name, string mainFile, string? folder)
        : base("plugin " + name, isCollectible: true)
    {
        _resolver = new AssemblyDependencyResolver(mainFile);
        foreach (var file in folder is null ? [] : Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Where(IsCode))
            _files[file] = File.ReadAllBytes(file);
    }

    public Assembly LoadBytes(byte[] assembly, byte[]? symbols)
    {
        using var assemblyStream = new MemoryStream(assembly, writable: false);
        using var symbolStream = symbols is null ? null : new MemoryStream(symbols, writable: false);
        return LoadFromStream(assemblyStream, symbolStream);
    }

    /// <summary>Asks the runtime to unload it all.</summary>
    public void End()
    {
        _files.Clear();
        if (_nativeFolder.IsValueCreated)
            DeleteNative();
        Unload();
    }

    protected override Assembly? Load(AssemblyName assemblyName)
    {
        if (HostAssemblies.Provides(assemblyName))
            return null;
        if (_resolver.ResolveAssemblyToPath(assemblyName) is not { } path || !_files.TryGetValue(path, out var assembly))
            return null;
        return LoadBytes(assembly, _files.GetValueOrDefault(System.IO.Path.ChangeExtension(path, ".pdb")));
    }

    protected override nint LoadUnmanagedDll(string unmanagedDllName)
    {
        if (_resolver.ResolveUnmanagedDllToPath(unmanagedDllName) is not { } path || !_files.TryGetValue(path, out var library))
            return 0;
        var copy = System.IO.Path.Combine(_nativeFolder.Value, System.IO.Path.GetFileName(path));
        if (!File.Exists(copy))
            File.WriteAllBytes(copy, library);
        return LoadUnmanagedDllFromPath(copy);
    }

    private static bool IsCode(string file) =>
        System.IO.Path.GetFileName(file) is var name
        && (name.EndsWith(".dll", StringComparison.OrdinalIgnoreCase) || name.EndsWith(".pdb", StringComparison.OrdinalIgnoreCase) || name.EndsWith(".dylib", StringComparison.Ordinal)
            || name.EndsWith(".so", StringComparison.Ordinal) || name.Contains(".so.", StringComparison.Ordinal));

    // Where a mapped file cannot be deleted it stays in the temporary folder.
    private void DeleteNative()
    {
        try
        {
            Directory.Delete(_nativeFolder.Value, recursive: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // the operating system cleans its temporary folder
        }
    }
}
