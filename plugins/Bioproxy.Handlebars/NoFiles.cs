using Bioproxy.Abstractions;
using HandlebarsDotNet;

namespace Bioproxy.Handlebars;

/// <summary>Is asked for a partial that was not read with the template; by itself the library would look for a file.</summary>
internal sealed class NoFiles : IPartialTemplateResolver
{
    public bool TryRegisterPartial(IHandlebars env, string? partialName, string? templatePath) =>
        throw new TemplateException($"there is no partial '{partialName}': it must be named in the template as {{{{> {partialName}}}}}.");
}
