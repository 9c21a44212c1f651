using System.Text.Json;

namespace Bioproxy.Host.Pool;

/// <summary>The file of one running child; deleted with <see cref="Dispose"/>, when the child has ended.</summary>
internal sealed class ChildFile : IDisposable
{
    private const string Extension = ".json";

    private readonly string _path;

    private ChildFile(string path) => _path = path;

    /// <exception cref="IOException">The file cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">The file cannot be written.</exception>
    public static ChildFile Write(string folder, ChildRecord record)
    {
        if (OperatingSystem.IsWindows())
            Directory.CreateDirectory(folder);
        else
            Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        var path = Path.Combine(folder, record.Mark + Extension);

        // Renamed when complete: a proxy that is killed here leaves no half of a file.
        File.WriteAllBytes(path + ".tmp", JsonSerializer.SerializeToUtf8Bytes(record, PoolJson.Default.ChildRecord));
        File.Move(path + ".tmp", path);
        return new ChildFile(path);
    }

    /// <returns>Every file of the folder with its record; null for one that cannot be read.</returns>
    public static IEnumerable<(ChildFile File, ChildRecord? Record)> All(string folder)
    {
        if (!Directory.Exists(folder))
            yield break;
        foreach (var path in Directory.GetFiles(folder, "*" + Extension))
            yield return (new ChildFile(path), Read(path));
    }

    public void Dispose()
    {
        try
        {
            File.Delete(_path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // The next start deletes it: its child does not run any more.
        }
    }

    private static ChildRecord? Read(string path)
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(path), PoolJson.Default.ChildRecord);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or JsonException)
        {
            return null;
        }
    }
}
