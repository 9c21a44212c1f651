using System.Composition;

namespace Bioproxy.Abstractions;

/// <summary>Exports a class as an <see cref="ITemplateEngine"/>.</summary>
/// <param name="extensions">File extensions with their dot, compared without case (<c>".txt"</c>); <c>"*"</c> stands for every
/// extension that no other engine names.</param>
[MetadataAttribute]
[AttributeUsage(AttributeTargets.Class)]
public sealed class TemplateEngineAttribute(params string[] extensions) : ExportAttribute(typeof(ITemplateEngine))
{
    /// <summary>The extensions this engine renders.</summary>
    public string[] Extensions { get; } = extensions;
}
