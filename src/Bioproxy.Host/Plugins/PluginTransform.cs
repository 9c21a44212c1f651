using Bioproxy.Abstractions;

namespace Bioproxy.Host.Plugins;

/// <summary>A plugin's transform as the host holds it: a wrapper that can be cut, so that the plugin can be unloaded.</summary>
internal sealed class PluginTransform(string plugin, string name, int order, IPromptTransform part)
{
    private volatile IPromptTransform? _part = part;
    private volatile PluginError? _lastError;

    public string Plugin { get; } = plugin;

    public string Name { get; } = name;

    public int Order { get; } = order;

    public PluginError? LastError => _lastError;

    public ValueTask TransformAsync(PromptContext context, CancellationToken cancellationToken) =>
        (_part ?? throw new InvalidOperationException($"Plugin '{Plugin}' was unloaded.")).TransformAsync(context, cancellationToken);

    public void Failed(PluginError error) => _lastError = error;

    public void Cut() => _part = null;
}
