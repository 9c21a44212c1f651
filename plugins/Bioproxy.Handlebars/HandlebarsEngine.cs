using System.Composition;
using Bioproxy.Abstractions;
using Bioproxy.Plugins.Shared;
using Microsoft.Extensions.Logging;

namespace Bioproxy.Handlebars;

/// <summary>
/// The template language Handlebars, without HTML escaping: the model reads exactly what the template and the user wrote.
/// </summary>
[TemplateEngine(".hbs")]
public sealed class HandlebarsEngine : ITemplateEngine
{
    private readonly ILogger _logger;
    private readonly Variables _variables;

    /// <summary>Created by the host.</summary>
    /// <param name="services">The host's services.</param>
    /// <exception cref="PluginSettingsException">The settings cannot be used.</exception>
    [ImportingConstructor]
    public HandlebarsEngine(IPluginServices services)
    {
        ArgumentNullException.ThrowIfNull(services);
        _logger = services.Logger;
        _variables = new Variables(services);
    }

    /// <inheritdoc/>
    public ITemplate Parse(ITemplateSource source)
    {
        var template = new HandlebarsTemplate(new TemplateCompiler(source, _variables).Compile(), _variables);
        Rehearsal.Run(template, _variables, source.Path, _logger);
        return template;
    }
}
