using System.Composition;

namespace Bioproxy.Abstractions;

/// <summary>Exports a class as an <see cref="IResponseTransform"/>.</summary>
/// <param name="name">A short name for logs, metrics and status, unique within the plugin; lower case by convention.</param>
[MetadataAttribute]
[AttributeUsage(AttributeTargets.Class)]
public sealed class ResponseTransformAttribute(string name) : ExportAttribute(typeof(IResponseTransform))
{
    /// <summary>The transform's name.</summary>
    public string Name { get; } = name;

    /// <summary>The place in the chain, counted in the order of the request: the lowest sees the answer last, so that what was done to the
    /// request first is undone last.</summary>
    public int Order { get; set; }

    /// <summary>The slash command that requests it, without the slash; null if it is always on.</summary>
    public string? Command { get; set; }
}
