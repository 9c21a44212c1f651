using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Runtime.InteropServices;

namespace Bioproxy.Host.Plugins;

/// <summary>A plugin's main DLL as bytes, and what its metadata says before any of its code is loaded.</summary>
internal sealed record PluginImage(byte[] Assembly, byte[]? Symbols, Version Version, Version? ContractVersion)
{
    /// <exception cref="BadImageFormatException">The file is no .NET assembly.</exception>
    public static PluginImage Read(string file)
    {
        var bytes = File.ReadAllBytes(file);
        using var pe = new PEReader(ImmutableCollectionsMarshal.AsImmutableArray(bytes));
        if (!pe.HasMetadata)
            throw new BadImageFormatException();
        var metadata = pe.GetMetadataReader();
        if (!metadata.IsAssembly)
            throw new BadImageFormatException();

        Version? contract = null;
        foreach (var handle in metadata.AssemblyReferences)
        {
            var reference = metadata.GetAssemblyReference(handle);
            if (metadata.StringComparer.Equals(reference.Name, ContractAssemblies.Contract))
                contract = reference.Version;
        }

        var symbols = Path.ChangeExtension(file, ".pdb");
        return new PluginImage(
            bytes,
            File.Exists(symbols) ? File.ReadAllBytes(symbols) : null,
            metadata.GetAssemblyDefinition().Version,
            contract);
    }
}
