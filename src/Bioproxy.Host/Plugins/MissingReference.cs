using System.Reflection;

namespace Bioproxy.Host.Plugins;

/// <summary>An assembly that a plugin's code refers to and that could not be loaded.</summary>
/// <param name="Name">The assembly.</param>
/// <param name="User">The assembly that refers to it.</param>
/// <param name="IsDirect">The plugin's own code refers to it; otherwise one of its libraries, perhaps in code the plugin never
/// calls.</param>
internal sealed record MissingReference(AssemblyName Name, string User, bool IsDirect);
