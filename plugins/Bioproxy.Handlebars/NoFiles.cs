using Bioproxy.Abstractions;
using HandlebarsDotNet;

namespace Bioproxy.Handlebars;

/// <summary>Rejects partials that were not read with the template; by default the library would search for a file.</summary>
internal sealed class NoFiles : IPartialTemplateResolver
{
    public bool TryRegisterPartial(IHandlebars env, string? partialName, string? templatePath) =>
        throw new TemplateException($"there is no partial '{partialName}': it must be named in the template as {{{{> {partialName}}}}}.");
}
