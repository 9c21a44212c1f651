using Bioproxy.Host.Plugins;
using Bioproxy.Host.Templates;
using Bioproxy.Host.WarmUp;

namespace Bioproxy.Host;

/// <summary>What a new generation of plugins changes elsewhere: engines parse templates anew, and warm-ups are checked.</summary>
internal sealed class PluginChanges(TemplateLibrary templates, Func<WarmUpScheduler?> warmUp) : IPluginListener
{
    public Task ChangingAsync(PluginSet next)
    {
        templates.UseEngines(next.Engines);

        // A template of an engine that goes would keep its plugin in memory. Each parse is bounded.
        return warmUp() is null ? Task.CompletedTask : templates.RefreshAllAsync(CancellationToken.None);
    }

    public void Changed() => warmUp()?.Poke();
}
