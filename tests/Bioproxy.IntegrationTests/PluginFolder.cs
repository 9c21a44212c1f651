using Bioproxy.Doubles;

namespace Bioproxy.IntegrationTests;

/// <summary>A plugin folder that tests fill, as a person would by copying.</summary>
internal sealed class PluginFolder : IDisposable
{
    private static readonly string Tail = Path.GetRelativePath(
        Path.Combine(RepositoryFolder.Root!, "src", "Bioproxy.Host"), HostOutput.Folder);

    public string Root { get; } = Directory.CreateTempSubdirectory("bioproxy-plugins-").FullName;

    /// <summary>The build output of a project, as <c>tests/Fixtures/Bioproxy.Fixtures.Good</c> or <c>plugins/Bioproxy.Rag</c>.</summary>
    public static string OutputOf(string project) => Path.Combine(RepositoryFolder.Root!, project, Tail);

    /// <summary>Copies a project's output, file by file, over what may be there.</summary>
    /// <param name="project">The project's folder in the repository.</param>
    /// <param name="name">The plugin's folder.</param>
    /// <param name="between">Is called between two files.</param>
    public void Copy(string project, string? name = null, Action? between = null)
    {
        var target = Folder(name ?? Path.GetFileName(project));
        CopyFiles(OutputOf(project), Directory.CreateDirectory(target).FullName, between);
    }

    public void Fixture(string fixture, string? name = null) => Copy($"tests/Fixtures/Bioproxy.Fixtures.{fixture}", name);

    /// <summary>Copies beside the folder, then renames: the new version appears in one step.</summary>
    public void Swap(string project, string name)
    {
        var beside = Directory.CreateTempSubdirectory("bioproxy-swap-").FullName;
        CopyFiles(OutputOf(project), Path.Combine(beside, "new"), null);
        if (Directory.Exists(Folder(name)))
            Directory.Move(Folder(name), Path.Combine(beside, "old"));
        Directory.Move(Path.Combine(beside, "new"), Folder(name));
        Directory.Delete(beside, recursive: true);
    }

    public void Remove(string name) => Directory.Delete(Folder(name), recursive: true);

    public string Folder(string name) => Path.Combine(Root, name);

    public void Dispose() => Directory.Delete(Root, recursive: true);

    private static void CopyFiles(string from, string to, Action? between)
    {
        foreach (var file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            var target = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target, overwrite: true);
            File.SetLastWriteTimeUtc(target, File.GetLastWriteTimeUtc(file));
            between?.Invoke();
        }
    }
}
