using System.Composition;

namespace Bioproxy.Abstractions;

/// <summary>Exports a class as an <see cref="IAnswerObserver"/>.</summary>
/// <param name="name">A short name for logs, metrics and status, unique within the plugin; lower case by convention.</param>
[MetadataAttribute]
[AttributeUsage(AttributeTargets.Class)]
public sealed class AnswerObserverAttribute(string name) : ExportAttribute(typeof(IAnswerObserver))
{
    /// <summary>The observer's name.</summary>
    public string Name { get; } = name;
}
