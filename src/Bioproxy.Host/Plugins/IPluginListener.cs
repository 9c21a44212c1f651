namespace Bioproxy.Host.Plugins;

/// <summary>Is notified of every new generation of plugins.</summary>
internal interface IPluginListener
{
    /// <summary>Called before requests use the generation; what it throws rejects the generation.</summary>
    Task ChangingAsync(PluginSet next);

    /// <summary>Called once requests use the generation.</summary>
    void Changed();
}
