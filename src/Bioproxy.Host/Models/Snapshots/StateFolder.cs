using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Bioproxy.Host.Configuration;

namespace Bioproxy.Host.Models.Snapshots;

/// <summary>
/// The files that Bioproxy keeps for its backends, below the state directory. Readable by their owner only: even hashes of prompts reveal
/// something about prompts. A file is written under a temporary name and renamed, so a reader or a crash sees the old or the new one,
/// never a part.
/// </summary>
internal sealed class StateFolder
{
    public StateFolder(ProxyOptions options)
    {
        // Several backends share what they know, since one of them may restore what another one saved.
        var name = options.IsFleet ? "shared"
            : SocketPath.Of(options.BackendUrl) is { } socket ? $"unix{socket.Replace('/', '-')}"
            : $"{options.BackendUrl.Host}-{options.BackendUrl.Port}";
        Path = System.IO.Path.Combine(options.StateDirectory, "backends", name);
        Snapshots = System.IO.Path.Combine(Path, "snapshots");
        Fingerprints = System.IO.Path.Combine(Path, "identities"); // the folder keeps its name: state folders stay valid
    }

    public string Path { get; }

    public string Snapshots { get; }

    public string Fingerprints { get; }

    /// <exception cref="IOException">The folder cannot be created.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder cannot be created.</exception>
    public void Create()
    {
        foreach (var folder in new[] { System.IO.Path.GetDirectoryName(Path)!, Path, Snapshots, Fingerprints })
            PrivateFolder.Create(folder);
    }

    /// <summary>Creates the folder where it is missing, and tries to write to it: it may exist without being writable.</summary>
    /// <exception cref="IOException">The folder is not writable.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder is not writable.</exception>
    public void CreateForWriting()
    {
        Create();
        foreach (var folder in new[] { Path, Snapshots, Fingerprints })
        {
            var probe = System.IO.Path.Combine(folder, System.IO.Path.GetRandomFileName());
            new FileStream(probe, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 1, FileOptions.DeleteOnClose).Dispose();
        }
    }

    /// <summary>Only one process at a time may work on the folder. Released when disposed, or when the process ends.</summary>
    /// <exception cref="StateInUseException">Another process has the lock.</exception>
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

    /// <exception cref="JsonException">The file does not hold such a value.</exception>
    public static T? Read<T>(string path, JsonTypeInfo<T> type)
    {
        using var file = File.OpenRead(path);
        return JsonSerializer.Deserialize(file, type);
    }
}
