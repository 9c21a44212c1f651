using System.Composition;

namespace Bioproxy.Abstractions;

/// <summary>Exports a class as an <see cref="IPromptTransform"/>.</summary>
/// <param name="name">A short name for logs, metrics and status, unique within the plugin; lower case by convention.</param>
[MetadataAttribute]
[AttributeUsage(AttributeTargets.Class)]
public sealed class PromptTransformAttribute(string name) : ExportAttribute(typeof(IPromptTransform))
{
    /// <summary>The transform's name.</summary>
    public string Name { get; } = name;

    /// <summary>The place in the chain: lower runs earlier; equal values run by plugin name, then by transform name.
    /// The built-in prefix expander has 0.</summary>
    public int Order { get; set; }
}
