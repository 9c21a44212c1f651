namespace Bioproxy.Host.Plugins;

/// <summary>Waits for a plugin that is no longer used to leave the memory.</summary>
internal static class PluginMemory
{
    /// <summary>How often memory is collected before a plugin counts as pending.</summary>
    private const int Collections = 8;

    /// <param name="memory">The plugin's <see cref="LoadedPlugin.Memory"/>.</param>
    /// <returns>False when something still references it after some seconds.</returns>
    public static async Task<bool> IsReleasedAsync(WeakReference memory)
    {
        for (var i = 0; i < Collections && memory.IsAlive; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();

            // The collector does not run by a test's clock.
            await Task.Delay(TimeSpan.FromMilliseconds(20 << i), TimeProvider.System).ConfigureAwait(false);
        }

        return !memory.IsAlive;
    }
}
