using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Runtime.InteropServices;

namespace Bioproxy.Host.Plugins;

/// <summary>What a plugin's main DLL says of itself, read before any of its code is loaded.</summary>
/// <param name="Version">The assembly's version.</param>
/// <param name="ContractVersion">The version of the contract it was built for; null when it does not use the contract.</param>
internal sealed record PluginMetadata(Version Version, Version? ContractVersion)
{
    /// <exception cref="PluginFaultException">The file is not a .NET assembly, or cannot be read.</exception>
    public static PluginMetadata Read(string file)
    {
        try
        {
            using var pe = new PEReader(ImmutableCollectionsMarshal.AsImmutableArray(File.ReadAllBytes(file)));
            if (!pe.HasMetadata || pe.GetMetadataReader() is not { IsAssembly: true } metadata)
                throw NotAnAssembly(file, null);
            var contract = metadata.AssemblyReferences.Select(metadata.GetAssemblyReference)
                .Where(reference => metadata.StringComparer.Equals(reference.Name, ContractAssemblies.Contract))
                .Select(reference => reference.Version).FirstOrDefault();
            return new PluginMetadata(metadata.GetAssemblyDefinition().Version, contract);
        }
        catch (BadImageFormatException e)
        {
            throw NotAnAssembly(file, e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw PluginFaultException.Faulted($"{Path.GetFileName(file)} cannot be read: {e.Message}", e);
        }
    }

    private static PluginFaultException NotAnAssembly(string file, Exception? cause) =>
        PluginFaultException.Faulted($"{Path.GetFileName(file)} is not a .NET assembly: copy the plugin's build output again.", cause);
}
