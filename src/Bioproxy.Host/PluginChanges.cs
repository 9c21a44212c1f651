using Bioproxy.Host.Plugins;
using Bioproxy.Host.Templates;
using Bioproxy.Host.WarmUp;

namespace Bioproxy.Host;

/// <summary>What a new generation of plugins changes elsewhere: engines parse templates anew, and warm-ups are checked.</summary>
internal sealed class PluginChanges(TemplateLibrary templates, Func<WarmUpScheduler?> warmUp) : IPluginListener
{
    public void Changing(PluginSet next)
    {
        templates.UseEngines(next.Engines);

        // A template of an engine that goes would keep its plugin in memory. Called on a background task; each parse is bounded.
        if (warmUp() is not null)
            templates.RefreshAllAsync(CancellationToken.None).GetAwaiter().GetResult();
    }

    public void Changed() => warmUp()?.Poke();
}
