using System.Composition.Hosting.Core;

namespace Bioproxy.Host.Plugins;

/// <summary>Exports one existing object to a plugin's container.</summary>
internal sealed class InstanceExportProvider<T>(T instance) : ExportDescriptorProvider where T : class
{
    private static readonly CompositionContract Offered = new(typeof(T));

    public override IEnumerable<ExportDescriptorPromise> GetExportDescriptors(
        CompositionContract contract, DependencyAccessor descriptorAccessor) =>
        contract.Equals(Offered)
            ? [new(contract, "the host", true, NoDependencies, _ => ExportDescriptor.Create((_, _) => instance, NoMetadata))]
            : NoExportDescriptors;
}
