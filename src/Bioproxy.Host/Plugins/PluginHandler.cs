using Bioproxy.Abstractions;

namespace Bioproxy.Host.Plugins;

/// <summary>A plugin's request handler.</summary>
internal sealed class PluginHandler(string plugin, string name, int order, IRequestHandler part, string? command = null)
    : PluginPart(plugin, name, order, command)
{
    private volatile IRequestHandler? _part = part;

    public override string What => "handler";

    public ValueTask<bool> HandleAsync(RequestCall request, CancellationToken cancellationToken) =>
        (_part ?? throw Unloaded()).HandleAsync(request, cancellationToken);

    public override void Cut() => _part = null;
}
