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

    /// <summary>The slash command that requests it, without the slash: lower-case letters, digits and hyphens; null if it is always on.
    /// Requested transforms run before all that are always on, in the order the user wrote. Since contract 1.1.</summary>
    public string? Command { get; set; }

    /// <summary>With a command: it also runs if only an earlier user message of the conversation carries the command
    /// (<see cref="PromptMessage.Commands"/>), so that it can repeat its edit of that message, and the conversation keeps its KV
    /// cache.</summary>
    public bool RunsForHistory { get; set; }
}
