using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Bioproxy.Doubles;

namespace Bioproxy.IntegrationTests;

/// <summary>What a proxy and its server left on disk: sidecars in the state folder, files in the slot folder.</summary>
internal sealed class SnapshotDisk(Workspace workspace)
{
    private string State => Directory.EnumerateDirectories(Path.Combine(workspace.PathOf("state"), "backends")).Single();

    public string Sidecars => Path.Combine(State, "snapshots");

    /// <summary>The files that sidecars describe.</summary>
    public IReadOnlyList<string> Described =>
        [.. Directory.EnumerateFiles(Sidecars, "*.json").Select(path => Path.GetFileNameWithoutExtension(path)).Order(
            StringComparer.Ordinal)];

    /// <summary>The files of proxies in the slot folder.</summary>
    public IReadOnlyList<string> Files =>
        [.. Directory.EnumerateFileSystemEntries(workspace.Slots, "bioproxy-*.bin").Select(path => Path.GetFileName(path)).Order(
            StringComparer.Ordinal)];

    /// <summary>The snapshot name with this number.</summary>
    public string Name(int number) =>
        string.Create(CultureInfo.InvariantCulture, $"bioproxy-{File.ReadAllText(Path.Combine(State, "mark"))}-{number:0000}.bin");

    public string FileOf(string name) => Path.Combine(workspace.Slots, name);

    public string SidecarOf(string name) => Path.Combine(Sidecars, name + ".json");

    /// <summary>What is inconsistent: half-written files, sidecars without their file, files without a sidecar.</summary>
    /// <param name="isFolderKnown">The proxy can see the slot folder; where it cannot, files may remain whose names it uses again.</param>
    public string Problems(bool isFolderKnown)
    {
        List<string> problems = [.. Directory.EnumerateFileSystemEntries(State, "*.tmp", SearchOption.AllDirectories)];
        var described = Described;
        problems.AddRange(described.Where(file => !File.Exists(FileOf(file))
            || new FileInfo(FileOf(file)).Length != (long)JsonNode.Parse(File.ReadAllText(SidecarOf(file)))!["bytes"]!).Select(file =>
                $"no {file}"));
        if (isFolderKnown)
            problems.AddRange(Files.Except(described).Select(file => $"nothing describes {file}"));
        return string.Join(", ", problems);
    }

    /// <summary>Waits until the disk is consistent: a file is removed a little after its sidecar.</summary>
    public async Task AssertConsistentAsync(bool isFolderKnown)
    {
        var problems = "";
        try
        {
            await Eventually.TrueAsync(() => (problems = Problems(isFolderKnown)).Length == 0, Tolerances.Soon, "the disk is consistent");
        }
        catch (TimeoutException)
        {
            Assert.Equal("", problems);
        }
    }

    /// <summary>A file that blocks whoever opens it, like a disk that hangs.</summary>
    public static void MakeHanging(string path)
    {
        using var made = Process.Start("mkfifo", [path]);
        made.WaitForExit();
        Assert.Equal(0, made.ExitCode);
    }
}
