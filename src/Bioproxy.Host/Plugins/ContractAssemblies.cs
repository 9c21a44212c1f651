using System.Collections.Frozen;
using System.Composition;
using System.Reflection;
using Bioproxy.Abstractions;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Bioproxy.Host.Plugins;

/// <summary>The assemblies that host and plugins must share: a type from a plugin's own copy would be a different type.</summary>
internal static class ContractAssemblies
{
    public const string Contract = "Bioproxy.Abstractions";

    /// <summary>The host's version of the contract.</summary>
    public static readonly Version Version = typeof(IPluginHost).Assembly.GetName().Version!;

    /// <summary>The host's assemblies; what they depend on is shared with them.</summary>
    public static readonly IReadOnlyList<AssemblyName> Shared =
    [
        typeof(IPluginHost).Assembly.GetName(),
        typeof(ExportAttribute).Assembly.GetName(),
        typeof(ILogger).Assembly.GetName(),
        typeof(IServiceCollection).Assembly.GetName(),
    ];

    /// <summary>Their names.</summary>
    public static readonly FrozenSet<string> Names =
        Shared.Select(assembly => assembly.Name!).ToFrozenSet(StringComparer.OrdinalIgnoreCase);
}
