namespace Bioproxy.Rag;

/// <summary>Lists the files that are searched: those of the wanted extensions in the folders and all folders below, by name.</summary>
/// <remarks>
/// Links are not followed, so nothing outside the folders is read; hidden files and folders are skipped. So are empty files: there is
/// nothing in them, and a named pipe, which would block its reader, has the length 0 too.
/// </remarks>
internal sealed class FolderWalk(RagSettings settings)
{
    private static readonly EnumerationOptions Entries = new()
    {
        AttributesToSkip = FileAttributes.ReparsePoint | FileAttributes.Hidden | FileAttributes.System,
        IgnoreInaccessible = false,
    };

    private readonly IReadOnlyList<DocumentFolder> _folders = DocumentFolder.Of(settings);

    private readonly HashSet<string> _extensions = new(settings.Extensions.OfType<string>(), StringComparer.OrdinalIgnoreCase);

    /// <summary>Lists them, in an order that depends on their names only.</summary>
    /// <param name="problems">Receives descriptions of what cannot be listed.</param>
    /// <param name="stop">Ends the walk.</param>
    public List<FoundFile> Find(ICollection<string> problems, CancellationToken stop)
    {
        var files = new List<FoundFile>();
        foreach (var folder in _folders)
        {
            var pending = new Stack<(string Path, string Source)>([(folder.Path, folder.Name)]);
            while (pending.TryPop(out var next))
            {
                stop.ThrowIfCancellationRequested();
                foreach (var entry in List(next.Path, problems))
                {
                    var source = $"{next.Source}/{entry.Name}";
                    if (entry is DirectoryInfo)
                        pending.Push((entry.FullName, source));
                    else if (_extensions.Contains(entry.Extension) && Stamp((FileInfo)entry) is { Length: > 0 } stamp)
                        files.Add(new FoundFile(entry.FullName, source, stamp));
                }

                if (files.Count > settings.MaxFiles)
                {
                    problems.Add($"There are more than {settings.MaxFiles} files; the rest, from {files[settings.MaxFiles].Path} on, is "
                        + "not searched. Raise max_files, or name smaller folders.");
                    return files[..settings.MaxFiles];
                }
            }
        }

        return files;
    }

    private static List<FileSystemInfo> List(string folder, ICollection<string> problems)
    {
        try
        {
            return [.. new DirectoryInfo(folder).EnumerateFileSystemInfos("*", Entries)
                .OrderBy(entry => entry.Name, StringComparer.Ordinal)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            problems.Add($"The folder {folder} cannot be listed, its files are not searched: {e.Message}");
            return [];
        }
    }

    private static FileStamp? Stamp(FileInfo file)
    {
        try
        {
            return new FileStamp(file.Length, file.LastWriteTimeUtc.Ticks);
        }
        catch (IOException)
        {
            return null; // removed since it was listed
        }
    }
}
