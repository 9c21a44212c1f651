using Bioproxy.Abstractions;

namespace Bioproxy.Host.Plugins;

/// <summary>A plugin's template engine, in a wrapper that can be cut so that the plugin can be unloaded.</summary>
/// <remarks>
/// The templates it parsed belong to the plugin, too: before the plugin is unloaded, another engine must parse them again.
/// </remarks>
internal sealed class PluginEngine(string plugin, IReadOnlyList<string> extensions, ITemplateEngine part) : ITemplateEngine
{
    private volatile ITemplateEngine? _part = part;

    public string Plugin { get; } = plugin;

    public IReadOnlyList<string> Extensions { get; } = extensions;

    public ITemplate Parse(ITemplateSource source) =>
        (_part ?? throw new TemplateException($"The plugin '{Plugin}' of this template engine was unloaded.")).Parse(source);

    public void Cut() => _part = null;
}
