using Bioproxy.Doubles;

namespace Bioproxy.UnitTests.Packaging;

/// <summary>A file that packages are made of.</summary>
internal static class PackagingFile
{
    public static string[] Lines(string path) => File.ReadAllLines(PathOf(path));

    public static string Text(string path) => File.ReadAllText(PathOf(path));

    /// <summary>The lines without comments, with those that continue joined.</summary>
    public static IReadOnlyList<string> Directives(string path) =>
        Text(path).Replace("\\\n", " ", StringComparison.Ordinal).Split('\n')
            .Where(line => line.Length > 0 && line[0] != '#')
            .ToList();

    public static string PathOf(string path) => Path.Combine(RepositoryFolder.Root!, path);
}
