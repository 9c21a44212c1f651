using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Bioproxy.Host.Configuration;

namespace Bioproxy.Host.Snapshots;

/// <summary>
/// Our files about one backend, below the state directory. Created for the owner only: hashes of prompts are still about
/// prompts. Files are written beside and renamed, so a reader or a crash sees the old one or the new one, never a part.
/// </summary>
internal sealed class StateFolder
{
    public StateFolder(ProxyOptions options)
    {
        Path = System.IO.Path.Combine(options.StateDirectory, "backends", $"{options.BackendUrl.Host}-{options.BackendUrl.Port}");
        Snapshots = System.IO.Path.Combine(Path, "snapshots");
        Identities = System.IO.Path.Combine(Path, "identities");
    }

    public string Path { get; }

    public string Snapshots { get; }

    public string Identities { get; }

    /// <exception cref="IOException">The folder cannot be made.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder cannot be made.</exception>
    public void Create()
    {
        foreach (var folder in new[] { Snapshots, Identities })
        {
            if (OperatingSystem.IsWindows())
                Directory.CreateDirectory(folder);
            else
                Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    public static void Write<T>(string path, T value, JsonTypeInfo<T> type)
    {
        var temporary = path + ".tmp";
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using (var file = new FileStream(temporary, options))
        {
            JsonSerializer.Serialize(file, value, type);
            file.Flush(flushToDisk: true);
        }

        File.Move(temporary, path, overwrite: true);
    }

    /// <exception cref="JsonException">The file is no such value.</exception>
    public static T? Read<T>(string path, JsonTypeInfo<T> type)
    {
        using var file = File.OpenRead(path);
        return JsonSerializer.Deserialize(file, type);
    }
}
