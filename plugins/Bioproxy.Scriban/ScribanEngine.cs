using System.Composition;
using Bioproxy.Abstractions;
using Bioproxy.Plugins.Shared;
using Microsoft.Extensions.Logging;
using Scriban.Runtime;

namespace Bioproxy.Scriban;

/// <summary>The template language Scriban, without functions whose result differs from request to request.</summary>
[TemplateEngine(".sbn", ".scriban")]
public sealed class ScribanEngine : ITemplateEngine
{
    private readonly ILogger _logger;
    private readonly TimeProvider _time;
    private readonly Variables _variables;
    private readonly ScriptObject _functions = Functions.Create();

    /// <summary>Created by the host.</summary>
    /// <param name="services">The host's services.</param>
    /// <exception cref="PluginSettingsException">The settings cannot be used.</exception>
    [ImportingConstructor]
    public ScribanEngine(IPluginServices services)
    {
        ArgumentNullException.ThrowIfNull(services);
        _logger = services.Logger;
        _time = services.TimeProvider;
        _variables = new Variables(services);
    }

    /// <inheritdoc/>
    public ITemplate Parse(ITemplateSource source)
    {
        var reader = new TemplateReader(source, _variables);
        var template = new ScribanTemplate(reader.Read(), reader.Includes, _functions, _variables, _time);
        Rehearsal.Run(template, _variables, source.Path, _logger);
        return template;
    }
}
