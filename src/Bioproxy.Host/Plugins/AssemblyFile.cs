using System.Collections.Immutable;
using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;
using System.Runtime.InteropServices;

namespace Bioproxy.Host.Plugins;

/// <summary>What a .NET assembly's metadata says, read without loading it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="References">The assemblies its code uses.</param>
/// <param name="NativeImports">The native libraries its code imports functions of, as the code names them.</param>
internal sealed record AssemblyFile(AssemblyName Name, IReadOnlyList<AssemblyName> References, IReadOnlyList<string> NativeImports)
{
    /// <returns>Null when the file is no .NET assembly.</returns>
    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">It cannot be read.</exception>
    public static AssemblyFile? Read(string file)
    {
        try
        {
            // From bytes, not mapped: see PluginLoadContext.
            using var pe = new PEReader(ImmutableCollectionsMarshal.AsImmutableArray(File.ReadAllBytes(file)));
            if (!pe.HasMetadata || pe.GetMetadataReader() is not { IsAssembly: true } metadata)
                return null;
            return new AssemblyFile(
                metadata.GetAssemblyDefinition().GetAssemblyName(),
                [.. metadata.AssemblyReferences.Select(handle => metadata.GetAssemblyReference(handle).GetAssemblyName())],
                NativeImportsOf(metadata));
        }
        catch (BadImageFormatException)
        {
            return null;
        }
    }

    private static ImmutableArray<string> NativeImportsOf(MetadataReader metadata) =>
    [
        .. Enumerable.Range(1, metadata.GetTableRowCount(TableIndex.ModuleRef))
            .Select(row => metadata.GetString(metadata.GetModuleReference(MetadataTokens.ModuleReferenceHandle(row)).Name)),
    ];
}
