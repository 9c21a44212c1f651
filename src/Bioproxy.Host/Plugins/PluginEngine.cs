using Bioproxy.Abstractions;

namespace Bioproxy.Host.Plugins;

/// <summary>A plugin's template engine as the host holds it: a wrapper that can be cut, so that the plugin can be unloaded.</summary>
/// <remarks>The templates it made belong to the plugin, too: before it is unloaded they must be parsed by another engine.</remarks>
internal sealed class PluginEngine(string plugin, IReadOnlyList<string> extensions, ITemplateEngine part) : ITemplateEngine
{
    private volatile ITemplateEngine? _part = part;

    public string Plugin { get; } = plugin;

    public IReadOnlyList<string> Extensions { get; } = extensions;

    public ITemplate Parse(ITemplateSource source) =>
        (_part ?? throw new TemplateException($"The template engine's plugin '{Plugin}' was unloaded.")).Parse(source);

    public void Cut() => _part = null;
}
