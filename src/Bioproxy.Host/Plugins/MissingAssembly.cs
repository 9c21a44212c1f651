using System.Reflection;

namespace Bioproxy.Host.Plugins;

/// <summary>An assembly that a plugin's code uses and that is neither beside it nor in the host.</summary>
/// <param name="Name">The assembly.</param>
/// <param name="User">The file name of the assembly that uses it.</param>
/// <param name="IsDirect">The plugin's own code uses it; otherwise a library of its, perhaps in a way the plugin never goes.</param>
internal sealed record MissingAssembly(AssemblyName Name, string User, bool IsDirect);
