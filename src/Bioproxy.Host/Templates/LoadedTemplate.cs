using Bioproxy.Abstractions;

namespace Bioproxy.Host.Templates;

/// <summary>A version of a template that can be rendered.</summary>
internal sealed record LoadedTemplate(ITemplate Template, ITemplateEngine Engine, DateTimeOffset LoadedAt, string ContentHash);
