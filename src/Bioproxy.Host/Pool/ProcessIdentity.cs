using System.Diagnostics;
using System.Globalization;

namespace Bioproxy.Host.Pool;

/// <summary>
/// Tells a process from a later one with the same number: by its start, which on Linux is counted from the boot, and by the boot.
/// </summary>
/// <param name="Id">The process number.</param>
/// <param name="Start">Boot and start time; equal for the same process only.</param>
internal sealed record ProcessIdentity(int Id, string Start)
{
    // /proc/PID/stat, field 22; the second one, the name, may contain anything and is in parentheses.
    private const int StartField = 22 - 3;

    public static ProcessIdentity Current { get; } = Of(Environment.ProcessId)!;

    /// <summary>Whether this process, and no other of its number, still runs.</summary>
    public bool IsAlive => Of(Id) == this;

    /// <returns>Null when no such process runs, or it cannot be read.</returns>
    public static ProcessIdentity? Of(int id)
    {
        try
        {
            if (!OperatingSystem.IsLinux())
            {
                using var process = Process.GetProcessById(id);
                return new ProcessIdentity(id, process.StartTime.ToUniversalTime().ToString("O", CultureInfo.InvariantCulture));
            }

            var stat = File.ReadAllText($"/proc/{id}/stat");
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');

            // A zombie has ended; only its parent has not asked yet.
            return fields[0] is "Z" or "X" ? null : new ProcessIdentity(id, $"{Boot()} {fields[StartField]}");
        }
        catch (Exception exception) when (IsUnreadable(exception))
        {
            return null;
        }
    }

    /// <returns>The path of the program that the process runs now; null when it cannot be read.</returns>
    public static string? ProgramOf(int id)
    {
        try
        {
            if (OperatingSystem.IsLinux())
                return File.ResolveLinkTarget($"/proc/{id}/exe", returnFinalTarget: false)?.FullName;
            using var process = Process.GetProcessById(id);
            return process.MainModule?.FileName;
        }
        catch (Exception exception) when (IsUnreadable(exception))
        {
            return null;
        }
    }

    private static string Boot() => File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim();

    private static bool IsUnreadable(Exception exception) => exception
        is IOException or UnauthorizedAccessException or ArgumentException or InvalidOperationException
        or System.ComponentModel.Win32Exception or IndexOutOfRangeException;
}
