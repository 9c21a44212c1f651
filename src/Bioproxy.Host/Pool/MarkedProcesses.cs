using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;

namespace Bioproxy.Host.Pool;

/// <summary>
/// Finds a child and what it started itself by an environment variable, which is inherited: a script that was the child may have ended
/// before the server that it started. Finds nothing where the system does not show the environment of processes.
/// </summary>
internal static class MarkedProcesses
{
    /// <summary>Set for each child, to a value that no other child has.</summary>
    public const string Variable = "BIOPROXY_POOL_CHILD";

    // While they are killed one by one, they may start others.
    private const int Rounds = 5;

    public static bool Has(int id, string mark)
    {
        try
        {
            return OperatingSystem.IsLinux()
                && File.ReadAllText($"/proc/{id}/environ").Split('\0').Contains($"{Variable}={mark}", StringComparer.Ordinal);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>Kills all that are running.</summary>
    /// <returns>How many there were.</returns>
    public static int Kill(string mark)
    {
        HashSet<int> all = []; // a killed one is there until it has ended
        for (var round = 0; round < Rounds; round++)
        {
            var found = Find(mark);
            if (found.Count == 0)
                break;
            found.ForEach(Kill);
            all.UnionWith(found);
        }

        return all.Count;
    }

    private static List<int> Find(string mark) => !OperatingSystem.IsLinux()
        ? []
        : [.. Directory.EnumerateDirectories("/proc")
            .Select(folder => int.TryParse(Path.GetFileName(folder), CultureInfo.InvariantCulture, out var id) ? id : 0)
            .Where(id => id > 0 && Has(id, mark))];

    private static void Kill(int id)
    {
        try
        {
            using var process = Process.GetProcessById(id);
            process.Kill();
        }
        catch (Exception exception) when (exception is ArgumentException or InvalidOperationException or Win32Exception)
        {
            // It has already ended.
        }
    }
}
