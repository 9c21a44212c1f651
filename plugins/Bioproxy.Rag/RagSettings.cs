using System.Text.Json.Serialization;
using Bioproxy.Abstractions;

namespace Bioproxy.Rag;

/// <summary>The settings under <c>plugins.Bioproxy.Rag</c>.</summary>
/// <remarks>
/// Properties with <c>set</c>, not <c>init</c>: the source-generated reader loses the defaults of <c>init</c> properties.
/// </remarks>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
internal sealed record RagSettings
{
    /// <summary>Absolute paths of the folders that are searched.</summary>
    public IReadOnlyList<string?> Folders { get; set; } = [];

    /// <summary>Extensions of the files, with their dot.</summary>
    public IReadOnlyList<string?> Extensions { get; set; } = [".md", ".txt"];

    /// <summary>The maximum number of passages per message.</summary>
    public int Passages { get; set; } = 4;

    /// <summary>The maximum total length of their texts.</summary>
    public int MaxCharacters { get; set; } = 6000;

    /// <summary>The maximum length of one passage.</summary>
    public int ChunkCharacters { get; set; } = 1200;

    /// <summary>Larger files are skipped.</summary>
    public long MaxFileBytes { get; set; } = 1 << 20;

    /// <summary>The maximum number of files.</summary>
    public int MaxFiles { get; set; } = 5000;

    /// <exception cref="PluginSettingsException">They are invalid; the message names every wrong key.</exception>
    public static RagSettings Read(IPluginServices services)
    {
        var settings = services.Read(RagJson.Default.RagSettings);
        var mistakes = settings.Mistakes().Select(mistake => $"plugins.{services.PluginName}.{mistake}").ToList();
        return mistakes.Count == 0 ? settings : throw new PluginSettingsException(string.Join(Environment.NewLine, mistakes));
    }

    private IEnumerable<string> Mistakes()
    {
        if (Folders is null || Folders.Count == 0)
            yield return "folders names no folder: write the absolute paths of the folders whose files /rag shall search.";
        foreach (var mistake in FolderMistakes())
            yield return mistake;
        if (Extensions is null || Extensions.Count == 0 || Extensions.Any(extension => extension is not ['.', _, ..]))
            yield return "extensions must be a list of file extensions with their dot, such as [\".md\", \".txt\"].";
        if (Passages is < 1 or > 50)
            yield return $"passages is {Passages}: it must be from 1 to 50.";
        if (ChunkCharacters is < 100 or > 100_000)
            yield return $"chunk_characters is {ChunkCharacters}: it must be from 100 to 100000.";
        if (MaxCharacters < ChunkCharacters)
            yield return $"max_characters is {MaxCharacters}: it must be at least chunk_characters ({ChunkCharacters}), or no passage "
                + "might fit.";
        if (MaxFileBytes is < 1 or > 1 << 30)
            yield return $"max_file_bytes is {MaxFileBytes}: it must be from 1 to {1 << 30}.";
        if (MaxFiles < 1)
            yield return $"max_files is {MaxFiles}: it must be 1 or more.";
    }

    private IEnumerable<string> FolderMistakes()
    {
        var seen = new List<string>();
        for (var i = 0; i < (Folders?.Count ?? 0); i++)
        {
            var folder = Folders![i];
            if (string.IsNullOrEmpty(folder) || !Path.IsPathFullyQualified(folder))
            {
                yield return $"folders[{i}] is '{folder}': write an absolute path. A relative one would mean another folder whenever the "
                    + "proxy is started from elsewhere.";
                continue;
            }

            if (!Directory.Exists(folder))
                yield return $"folders[{i}]: the folder {folder} does not exist. Create it, or correct the path.";
            var path = DocumentFolder.Normal(folder);
            if (seen.Find(other => IsWithin(path, other) || IsWithin(other, path)) is { } twice)
                yield return $"folders[{i}]: {path} and {twice} contain the same files. Leave one of them out.";
            seen.Add(path);
        }
    }

    private static bool IsWithin(string path, string folder) =>
        path == folder
        || path.StartsWith(Path.EndsInDirectorySeparator(folder) ? folder : folder + Path.DirectorySeparatorChar, StringComparison.Ordinal);
}
