using System.Diagnostics;
using System.Globalization;

namespace Bioproxy.Demo;

/// <summary>Says what the demo waits for, and how long it took.</summary>
internal static class DemoStep
{
    public static async Task<T> RunAsync<T>(string what, Func<Task<T>> step)
    {
        Console.Write($"  {what} … ");
        var started = Stopwatch.GetTimestamp();
        var result = await step();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{Stopwatch.GetElapsedTime(started).TotalSeconds:0.0} s"));
        return result;
    }
}
