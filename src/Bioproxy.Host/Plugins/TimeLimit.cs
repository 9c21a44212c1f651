namespace Bioproxy.Host.Plugins;

/// <summary>Waits for plugin code that may never return.</summary>
internal static class TimeLimit
{
    /// <returns>
    /// True when the work has ended, within the limit or just after it: its outcome is in the task. After false the caller must
    /// dispose of whatever the task still produces.
    /// </returns>
    public static async Task<bool> EndsWithinAsync(this Task work, TimeSpan limit, TimeProvider time)
    {
        await work.WaitAsync(limit, time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

        // Asked once, here: work that ends between the timeout and a second look would be lost to both sides.
        return work.IsCompleted;
    }
}
