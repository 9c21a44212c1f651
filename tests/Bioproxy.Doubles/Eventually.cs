using System.Diagnostics;

namespace Bioproxy.Doubles;

/// <summary>Waits for a state that gives no signal.</summary>
internal static class Eventually
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(25);

    /// <summary>Returns when the condition holds; throws with the message when it does not within the limit.</summary>
    public static async Task TrueAsync(Func<Task<bool>> condition, TimeSpan timeout, string message)
    {
        var watch = Stopwatch.StartNew();
        while (!await condition().WaitAsync(timeout))
        {
            if (watch.Elapsed > timeout)
                throw new TimeoutException($"Not after {timeout.TotalSeconds} s: {message}");
            await Task.Delay(Pause);
        }
    }

    /// <inheritdoc cref="TrueAsync(Func{Task{bool}}, TimeSpan, string)"/>
    public static Task TrueAsync(Func<bool> condition, TimeSpan timeout, string message)
        => TrueAsync(() => Task.FromResult(condition()), timeout, message);
}
