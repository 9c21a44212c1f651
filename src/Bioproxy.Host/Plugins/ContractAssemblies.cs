using System.Collections.Frozen;
using Bioproxy.Abstractions;

namespace Bioproxy.Host.Plugins;

/// <summary>The assemblies that host and plugins must share: a plugin's own copy would make types that only look alike.</summary>
internal static class ContractAssemblies
{
    public const string Contract = "Bioproxy.Abstractions";

    /// <summary>The host's version of the contract.</summary>
    public static readonly Version Version = typeof(IPluginHost).Assembly.GetName().Version!;

    public static readonly FrozenSet<string> Names = FrozenSet.Create(
        StringComparer.OrdinalIgnoreCase,
        Contract,
        "System.Composition.AttributedModel",
        "Microsoft.Extensions.Logging.Abstractions");
}
