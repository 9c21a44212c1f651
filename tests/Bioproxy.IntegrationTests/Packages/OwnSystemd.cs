using Bioproxy.Doubles;

namespace Bioproxy.IntegrationTests.Packages;

/// <summary>A systemd as process 1 of namespaces of its own, beside whatever runs this machine: units start as on a real system. It needs
/// root.</summary>
internal static class OwnSystemd
{
    private const string Program = "/lib/systemd/systemd";

    /// <summary>Mounts are seen by nobody else; no unit of this machine starts.</summary>
    private const string Boot =
        """
        set -e
        mount --make-rprivate /
        mount -t tmpfs tmpfs /run
        umount -R /sys/fs/cgroup 2> /dev/null || true
        mount -t cgroup2 none /sys/fs/cgroup
        mount -t tmpfs tmpfs /etc/systemd/system
        mkdir -p /run/systemd/system "/etc/systemd/system/$UNIT.d"
        printf '[Unit]\nDefaultDependencies=no\nWants=\nAfter=\n' > "/etc/systemd/system/$UNIT.d/alone.conf"
        printf '[Unit]\nDefaultDependencies=no\nWants=script.service\n' > /etc/systemd/system/script.target
        printf '[Unit]\nDefaultDependencies=no\n[Service]\nType=oneshot\nExecStart=/bin/bash %s\n' "$1" \
          > /etc/systemd/system/script.service
        export container=test
        exec "$SYSTEMD" --system --unit=script.target --log-target=null --show-status=0
        """;

    public static bool IsThere => File.Exists(Program) && File.Exists("/usr/bin/unshare");

    /// <summary>Runs a script of bash as a unit, which may start and stop another one.</summary>
    /// <param name="unit">That unit; what it is ordered behind is left out.</param>
    /// <param name="script">The script; it fills the file <c>$OUT</c>.</param>
    /// <param name="workspace">A folder for both.</param>
    /// <returns>The lines that it wrote.</returns>
    public static async Task<string[]> RunAsync(string unit, string script, Workspace workspace)
    {
        var (boot, file, said) = (workspace.PathOf("boot.sh"), workspace.PathOf("script.sh"), workspace.PathOf("said"));
        await File.WriteAllTextAsync(boot, Boot);
        await File.WriteAllTextAsync(file, $"OUT='{said}.part'\n{script}\nmv '{said}.part' '{said}'\n");
        await using var systemd = ServerProcess.Start(
            "unshare",
            [
                "-pfm", "--kill-child", "--mount-proc", "--cgroup", "env", $"UNIT={unit}", $"SYSTEMD={Program}", "/bin/bash", boot, file,
            ]);
        await Eventually.TrueAsync(
            () => File.Exists(said) || (systemd.HasExited ? throw new InvalidOperationException($"{systemd.Log}") : false),
            TimeSpan.FromSeconds(60),
            "the script has ended");
        await systemd.KillAsync();
        return await File.ReadAllLinesAsync(said);
    }
}
