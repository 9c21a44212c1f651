using System.Composition;

namespace Bioproxy.Abstractions;

/// <summary>Exports a class as an <see cref="IRequestHandler"/>.</summary>
/// <param name="name">A short name for logs, metrics and status, unique within the plugin; lower case by convention.</param>
[MetadataAttribute]
[AttributeUsage(AttributeTargets.Class)]
public sealed class RequestHandlerAttribute(string name) : ExportAttribute(typeof(IRequestHandler))
{
    /// <summary>The handler's name.</summary>
    public string Name { get; } = name;

    /// <summary>Handlers are called in this order until one answers; equal values by plugin name, then by handler name.</summary>
    public int Order { get; set; }

    /// <summary>The slash command that requests it, without the slash; null if every request is offered to it.</summary>
    public string? Command { get; set; }
}
