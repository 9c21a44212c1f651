using System.Reflection;
using System.Runtime.Loader;

namespace Bioproxy.Host.Plugins;

/// <summary>What lies in a plugin's folder, looked at as <see cref="PluginLoadContext"/> would use it, without loading anything.</summary>
internal sealed class PluginFiles
{
    private readonly PluginCandidate _candidate;
    private readonly string _mainFile;
    private readonly AssemblyDependencyResolver _resolver;
    private readonly string[] _files;

    /// <param name="candidate">One that has a main file.</param>
    /// <exception cref="InvalidOperationException">Its .deps.json cannot be used.</exception>
    /// <exception cref="IOException">The folder cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder cannot be read.</exception>
    public PluginFiles(PluginCandidate candidate)
    {
        _candidate = candidate;
        _mainFile = candidate.MainFile ?? throw new ArgumentException("It has no main file.", nameof(candidate));
        _resolver = new AssemblyDependencyResolver(_mainFile);
        _files = candidate.IsSingleFile ? [] : Directory.GetFiles(candidate.Path, "*", SearchOption.AllDirectories);
        Array.Sort(_files, StringComparer.Ordinal);
    }

    /// <summary>Copies of what the host has as new or newer, besides those that it always provides: their file names.</summary>
    public IReadOnlyList<string> UnusedCopies() =>
    [
        .. _files.Where(file => Path.GetDirectoryName(file) == _candidate.Path && IsDll(file) && file != _mainFile)
            .Select(AssemblyFile.Read).OfType<AssemblyFile>()
            .Where(file => !ContractAssemblies.Names.Contains(file.Name.Name!) && HostAssemblies.Provides(file.Name))
            .Select(file => file.Name.Name + ".dll"),
    ];

    /// <summary>Follows what its code uses through all assemblies it brings.</summary>
    public IReadOnlyList<MissingAssembly> Missing()
    {
        var missing = new List<MissingAssembly>();
        var seen = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        var waiting = new Queue<string>([_mainFile]);
        while (waiting.TryDequeue(out var file))
        {
            foreach (var reference in AssemblyFile.Read(file)?.References ?? [])
            {
                if (!seen.Add(reference.Name!) || HostAssemblies.Provides(reference))
                    continue;
                if (Beside(reference) is { } path)
                    waiting.Enqueue(path);
                else if (!HostAssemblies.Have(reference))
                    missing.Add(new MissingAssembly(reference, Path.GetFileName(file), file == _mainFile));
            }
        }

        return missing;
    }

    /// <summary>The native libraries it brings, each with the file that would be loaded here.</summary>
    public IReadOnlyList<NativeLibrary> NativeLibraries()
    {
        var imports = (AssemblyFile.Read(_mainFile)?.NativeImports ?? []).Select(NativeLibrary.NameOf).ToHashSet(StringComparer.OrdinalIgnoreCase);
        return
        [
            .. _files.Where(file => NativeLibrary.IsOne(file) && !(IsDll(file) && AssemblyFile.Read(file) is not null))
                .GroupBy(NativeLibrary.NameOf, StringComparer.OrdinalIgnoreCase)
                .Select(files => new NativeLibrary(
                    files.Key,
                    [.. files.Select(NativeMachine.Of).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)],
                    Chosen(files.Key) is { } chosen && NativeMachine.Of(chosen) == NativeMachine.Here ? Path.GetRelativePath(_candidate.Path, chosen) : null,
                    imports.Contains(files.Key))),
        ];
    }

    private string? Beside(AssemblyName name) => _resolver.ResolveAssemblyToPath(name) is { } path && Array.BinarySearch(_files, path, StringComparer.Ordinal) >= 0 ? path : null;

    private string? Chosen(string library) => _resolver.ResolveUnmanagedDllToPath(library) ?? _resolver.ResolveUnmanagedDllToPath("lib" + library);

    private static bool IsDll(string file) => file.EndsWith(".dll", StringComparison.OrdinalIgnoreCase);
}
