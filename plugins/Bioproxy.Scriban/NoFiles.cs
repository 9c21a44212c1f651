using Scriban;
using Scriban.Parsing;
using Scriban.Runtime;

namespace Bioproxy.Scriban;

/// <summary>Resolves only the includes that were read with the template.</summary>
internal sealed class NoFiles : ITemplateLoader
{
    public string? GetPath(TemplateContext context, SourceSpan callerSpan, string templateName) =>
        context.CachedTemplates.ContainsKey(templateName) ? templateName : null;

    public string? Load(TemplateContext context, SourceSpan callerSpan, string templatePath) => null;

    public ValueTask<string?> LoadAsync(TemplateContext context, SourceSpan callerSpan, string templatePath) =>
        ValueTask.FromResult<string?>(null);
}
