using System.Buffers.Binary;
using System.Collections.Concurrent;

namespace Bioproxy.Doubles;

/// <summary>
/// Saved slots, in memory or in a folder. They outlive the server's process. A file's weights are not checked: as in llama-server, a file
/// of another model of the same shape restores without an error.
/// </summary>
internal sealed class FakeFiles(string? folder)
{
    private const uint Magic = 0x6B616C66;
    private const int HeaderLength = 36;

    private readonly ConcurrentDictionary<string, byte[]> _inMemory = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<int> _written = [];

    /// <summary>The sizes of all written files that are not empty, in order, including those overwritten since.</summary>
    public IReadOnlyList<int> Written => [.. _written];

    /// <summary>The names of all files.</summary>
    public IReadOnlyList<string> Names => folder is null
        ? [.. _inMemory.Keys.Order(StringComparer.Ordinal)]
        : [.. Directory.EnumerateFiles(folder).Select(path => Path.GetFileName(path)!).Order(StringComparer.Ordinal)];

    /// <returns>The file's size.</returns>
    public int Save(string name, IReadOnlyList<int> tokens, int seed)
    {
        var bytes = new byte[HeaderLength + (4 * tokens.Count)];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, Magic);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(4), seed);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(8), tokens.Count);
        for (var i = 0; i < tokens.Count; i++)
            BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(HeaderLength + (4 * i)), tokens[i]);
        Write(name, bytes);
        if (tokens.Count > 0)
            _written.Enqueue(bytes.Length);
        return bytes.Length;
    }

    /// <returns>Null when there is no such file, or it is not a saved slot.</returns>
    public (int[] Tokens, int Seed, int Length)? Load(string name)
    {
        if (Read(name) is not { Length: >= HeaderLength } bytes || BinaryPrimitives.ReadUInt32LittleEndian(bytes) != Magic)
            return null;
        var count = BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(8));
        if (bytes.Length != HeaderLength + (4L * count))
            return null;
        var tokens = new int[count];
        for (var i = 0; i < count; i++)
            tokens[i] = BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(HeaderLength + (4 * i)));
        return (tokens, BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(4)), bytes.Length);
    }

    public void Remove(string name)
    {
        _inMemory.TryRemove(name, out _);
        if (folder is not null)
            File.Delete(Path.Combine(folder, name));
    }

    /// <summary>Cuts a file in half.</summary>
    public void Damage(string name)
    {
        if (Read(name) is { } bytes)
            Write(name, bytes[..(bytes.Length / 2)]);
    }

    private byte[]? Read(string name)
    {
        if (folder is null)
            return _inMemory.GetValueOrDefault(name);
        var path = Path.Combine(folder, name);
        return File.Exists(path) ? File.ReadAllBytes(path) : null;
    }

    private void Write(string name, byte[] bytes)
    {
        if (folder is null)
        {
            _inMemory[name] = bytes;
            return;
        }

        Directory.CreateDirectory(folder);
        File.WriteAllBytes(Path.Combine(folder, name), bytes);
    }
}
