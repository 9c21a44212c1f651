using System.Text.Json;

namespace Bioproxy.Rag;

/// <summary>The remembered blocks on disk; replaced atomically, so that a crash leaves either the old or the new file.</summary>
internal sealed class BlockFile(string path)
{
    private const long MaxBytes = 256 << 20;

    /// <summary>Reads it.</summary>
    /// <returns>The blocks; none when there is no file.</returns>
    /// <exception cref="InvalidDataException">It is damaged.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">It cannot be read.</exception>
    public IReadOnlyList<RememberedBlock> Read()
    {
        if (!File.Exists(path))
            return [];
        using var file = File.OpenRead(path);
        if (file.Length > MaxBytes)
            throw new InvalidDataException($"{path} has {file.Length} bytes: it was not written by this plugin.");
        try
        {
            var content = JsonSerializer.Deserialize(file, RagJson.Default.RememberedBlocks);
            if (content is { Version: RememberedBlocks.CurrentVersion, Blocks: { } blocks }
                && blocks.All(block => block is { Key: not null, Text: not null }))
                return blocks;
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"{path} is damaged: {e.Message}", e);
        }

        throw new InvalidDataException($"{path} is damaged, or of another version.");
    }

    /// <summary>Replaces it.</summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">It cannot be written.</exception>
    public void Write(IReadOnlyList<RememberedBlock> blocks)
    {
        var temporary = path + ".new";
        using (var file = File.Create(temporary))
        {
            JsonSerializer.Serialize(file, new RememberedBlocks(RememberedBlocks.CurrentVersion, blocks), RagJson.Default.RememberedBlocks);
            file.Flush(flushToDisk: true);
        }

        File.Move(temporary, path, overwrite: true);
    }
}
