using Bioproxy.Abstractions;

namespace Bioproxy.Host.Plugins;

/// <summary>A plugin's response transform. Its editors belong to the plugin, too, and live as long as their response.</summary>
internal sealed class PluginResponseTransform(string plugin, string name, int order, IResponseTransform part, string? command = null)
    : PluginPart(plugin, name, order, command)
{
    private volatile IResponseTransform? _part = part;

    public override string What => "response transform";

    public IResponseEditor? Begin(ResponseContext context, ResponseChannel channel) => (_part ?? throw Unloaded()).Begin(context, channel);

    public override void Cut() => _part = null;
}
