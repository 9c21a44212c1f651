namespace Bioproxy.Rag;

/// <summary>A configured folder, and the name that its files are cited with.</summary>
internal sealed record DocumentFolder(string Path, string Name)
{
    /// <summary>Folders are cited by their own name, or by their full path if two share a name.</summary>
    public static IReadOnlyList<DocumentFolder> Of(RagSettings settings)
    {
        var paths = settings.Folders.OfType<string>().Select(Normal).ToList();
        return
        [
            .. paths.Select(path => new DocumentFolder(
                path, Last(path).Length == 0 || paths.Count(other => Last(other) == Last(path)) > 1 ? path : Last(path))),
        ];
    }

    public static string Normal(string path) => System.IO.Path.TrimEndingDirectorySeparator(System.IO.Path.GetFullPath(path));

    private static string Last(string path) => System.IO.Path.GetFileName(path);
}
