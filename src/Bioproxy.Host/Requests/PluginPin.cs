using Bioproxy.Host.Plugins;

namespace Bioproxy.Host.Requests;

/// <summary>A request's hold on one generation of plugins.</summary>
internal readonly record struct PluginPin(PluginSet Plugins) : IDisposable
{
    public void Dispose() => Plugins.Unpin();
}
