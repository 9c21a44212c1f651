namespace Bioproxy.Host.Plugins;

/// <summary>Waits for a plugin that nobody uses any more to leave the memory.</summary>
internal static class PluginMemory
{
    /// <summary>How often the garbage collector is asked before a plugin is called pending.</summary>
    private const int Collections = 8;

    /// <param name="left">What <see cref="LoadedPlugin.Unload"/> returned. The caller must not hold the plugin itself.</param>
    /// <returns>False when something still holds on to it, after some seconds.</returns>
    public static async Task<bool> IsLeftAsync(WeakReference left)
    {
        for (var i = 0; i < Collections && left.IsAlive; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            await Task.Delay(TimeSpan.FromMilliseconds(20 << i), TimeProvider.System).ConfigureAwait(false);
        }

        return !left.IsAlive;
    }
}
