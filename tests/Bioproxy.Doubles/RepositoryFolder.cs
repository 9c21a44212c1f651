namespace Bioproxy.Doubles;

/// <summary>Where the working copy is, seen from a test's output folder.</summary>
internal static class RepositoryFolder
{
    /// <summary>The folder that holds <c>Bioproxy.sln</c>, or null outside of a working copy.</summary>
    public static string? Root { get; } = Find();

    /// <summary>
    /// Things fetched or made once: <c>BIOPROXY_TOOLS</c>, else <c>.tools</c> of the working copy, else a temporary folder.
    /// </summary>
    public static string Tools
        => Environment.GetEnvironmentVariable("BIOPROXY_TOOLS") is { Length: > 0 } configured
            ? Path.GetFullPath(configured)
            : Path.Combine(Root ?? Path.GetTempPath(), Root is null ? "bioproxy-tools" : ".tools");

    private static string? Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Bioproxy.sln")))
                return folder.FullName;
        }

        return null;
    }
}
