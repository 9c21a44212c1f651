using Bioproxy.Abstractions;

namespace Bioproxy.Host.Plugins;

/// <summary>A plugin's observer of complete answers.</summary>
internal sealed class PluginAnswerObserver(string plugin, string name, IAnswerObserver part) : PluginPart(plugin, name, 0, null)
{
    private volatile IAnswerObserver? _part = part;

    public override string What => "answer observer";

    public void Observe(CompletedAnswer answer) => (_part ?? throw Unloaded()).Observe(answer);

    public override void Cut() => _part = null;
}
