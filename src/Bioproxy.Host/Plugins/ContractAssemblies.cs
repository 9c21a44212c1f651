using System.Collections.Frozen;

namespace Bioproxy.Host.Plugins;

/// <summary>The assemblies that host and plugins must share: a plugin's own copy would make types that only look alike.</summary>
internal static class ContractAssemblies
{
    public const string Contract = "Bioproxy.Abstractions";

    public static readonly FrozenSet<string> Names = FrozenSet.Create(
        StringComparer.OrdinalIgnoreCase,
        Contract,
        "System.Composition.AttributedModel",
        "Microsoft.Extensions.Logging.Abstractions");
}
