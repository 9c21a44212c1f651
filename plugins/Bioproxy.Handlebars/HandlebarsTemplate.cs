using Bioproxy.Abstractions;
using Bioproxy.Plugins.Shared;
using HandlebarsDotNet;

namespace Bioproxy.Handlebars;

/// <summary>A compiled template with all its partials. Compiled delegates keep no state between calls.</summary>
internal sealed class HandlebarsTemplate(HandlebarsTemplate<TextWriter, object, object> compiled, Variables variables) : ITemplate
{
    public string Render(TemplateVariables values)
    {
        using var writer = new BoundedWriter(values.Message);
        try
        {
            var entries = variables.Of(values).Select(pair => KeyValuePair.Create(pair.Key, (object?)pair.Value));
            compiled(writer, new Dictionary<string, object?>(entries), null!);
        }
        catch (Exception e)
        {
            throw Failure.Of(e, variables);
        }

        return writer.ToString();
    }
}
