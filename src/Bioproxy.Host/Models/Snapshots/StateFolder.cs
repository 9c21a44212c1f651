using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Bioproxy.Host.Configuration;

namespace Bioproxy.Host.Models.Snapshots;

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
        foreach (var folder in new[] { System.IO.Path.GetDirectoryName(Path)!, Path, Snapshots, Identities }) // the mode is that of the last one made
        {
            if (OperatingSystem.IsWindows())
                Directory.CreateDirectory(folder);
            else
                Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    /// <summary>Creates it where it is missing, and tries whether files can be made in it: it may be there from before and not be ours to write any more.</summary>
    /// <exception cref="IOException">Nothing can be written there.</exception>
    /// <exception cref="UnauthorizedAccessException">Nothing can be written there.</exception>
    public void CreateForWriting()
    {
        Create();
        foreach (var folder in new[] { Path, Snapshots, Identities })
            new FileStream(System.IO.Path.Combine(folder, System.IO.Path.GetRandomFileName()), FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 1, FileOptions.DeleteOnClose).Dispose();
    }

    /// <summary>Only one process at a time gives out file names here. Released when disposed, or when the process ends.</summary>
    /// <exception cref="StateInUseException">Another one has it.</exception>
    public IDisposable Lock()
    {
        Create();
        try
        {
            return new FileStream(System.IO.Path.Combine(Path, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException)
        {
            throw new StateInUseException(Path);
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
