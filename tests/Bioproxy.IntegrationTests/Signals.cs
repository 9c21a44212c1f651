using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Bioproxy.Doubles;

namespace Bioproxy.IntegrationTests;

/// <summary>Signals to processes that a server or the proxy started.</summary>
internal static class Signals
{
    private const int Kill = 9;
    private const int Terminate = 15;
    private const int Stop = 19;

    /// <summary>SIGKILL.</summary>
    public static void KillProcess(int id) => Assert.Equal(0, Send(id, Kill));

    /// <summary>The process does nothing any more, and cannot be ended but by SIGKILL.</summary>
    public static void StopProcess(int id) => Assert.Equal(0, Send(id, Stop));

    /// <summary>A stopped process was sent SIGTERM.</summary>
    public static bool IsTerminating(int id)
    {
        var line = File.ReadLines($"/proc/{id}/status").First(line => line.StartsWith("ShdPnd:", StringComparison.Ordinal));
        var pending = ulong.Parse(line.Split('\t')[1], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        return (pending & (1UL << (Terminate - 1))) != 0;
    }

    /// <summary>Stops the next process that another one starts, before it has done much.</summary>
    /// <param name="parent">The other one.</param>
    /// <param name="argument">What its command line contains.</param>
    public static async Task<int> StopNextChildAsync(int parent, string argument)
    {
        for (var watch = Stopwatch.StartNew(); watch.Elapsed < Tolerances.Soon; await Task.Yield())
        {
            foreach (var child in ChildrenOf(parent).Where(child => CommandLineOf(child).Contains(argument, StringComparison.Ordinal)))
            {
                StopProcess(child);
                return child;
            }
        }

        throw new TimeoutException($"No process with '{argument}' was started.");
    }

    private static IEnumerable<int> ChildrenOf(int parent)
    {
        foreach (var folder in Directory.GetDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(folder), CultureInfo.InvariantCulture, out var id))
                continue;
            var stat = Read($"{folder}/stat");
            var fields = stat[(stat.LastIndexOf(')') + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (fields.Length > 1 && fields[1] == parent.ToString(CultureInfo.InvariantCulture))
                yield return id;
        }
    }

    private static string CommandLineOf(int id) => Read($"/proc/{id}/cmdline");

    private static string Read(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return ""; // it has ended
        }
    }

    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    [DllImport("libc", EntryPoint = "kill", ExactSpelling = true)]
    private static extern int Send(int process, int signal);
}
