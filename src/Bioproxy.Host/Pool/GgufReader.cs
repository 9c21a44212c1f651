using System.Text;

namespace Bioproxy.Host.Pool;

/// <summary>Reads the parts of a GGUF file's header. Lengths are checked against the file before anything is allocated.</summary>
internal sealed class GgufReader
{
    private const int LongestText = 1 << 16;
    private const int LongestArray = 10_000;

    private readonly FileStream _file;
    private readonly BinaryReader _reader;

    public GgufReader(FileStream file)
    {
        _file = file;
        _reader = new BinaryReader(file, Encoding.UTF8, leaveOpen: true);
    }

    /// <returns>The numbers of tensors and of metadata entries.</returns>
    public (long Tensors, long Metadata) ReadStart()
    {
        if (!_reader.ReadBytes(4).AsSpan().SequenceEqual("GGUF"u8))
            throw new InvalidDataException("not a GGUF file");
        var version = _reader.ReadUInt32();
        if (version is not (2 or 3))
            throw new InvalidDataException($"GGUF version {version} is not supported");
        return (ReadLength(), ReadLength());
    }

    public string ReadString()
    {
        var length = ReadLength();
        if (length > LongestText)
            throw new InvalidDataException($"a name of {length} bytes");
        return Encoding.UTF8.GetString(_reader.ReadBytes((int)length));
    }

    /// <returns>A long, an array of longs or a string; null for other types, and for longer ones than any that is needed.</returns>
    public object? ReadValue()
    {
        var type = (GgufValueType)_reader.ReadUInt32();
        return type switch
        {
            GgufValueType.Text => ReadText(),
            GgufValueType.Array => ReadArray(),
            _ => ReadNumber(type),
        };
    }

    /// <summary>Reads the table of tensors. The rest of the file, behind the next aligned position, is their bytes.</summary>
    /// <returns>How many bytes that are.</returns>
    public long SkipTensors(long tensors, long alignment)
    {
        for (var i = 0L; i < tensors; i++)
        {
            ReadString();
            Skip((long)_reader.ReadUInt32() * sizeof(long));
            Skip(sizeof(uint) + sizeof(long));
        }

        alignment = Math.Clamp(alignment, 1, 1 << 20);
        var start = (_file.Position + alignment - 1) / alignment * alignment;
        return Math.Max(0, _file.Length - start);
    }

    private string? ReadText()
    {
        var length = ReadLength();
        if (length <= LongestText)
            return Encoding.UTF8.GetString(_reader.ReadBytes((int)length));
        Skip(length);
        return null;
    }

    private long[]? ReadArray()
    {
        var type = (GgufValueType)_reader.ReadUInt32();
        var count = ReadLength();
        if (type == GgufValueType.Array)
            throw new InvalidDataException("an array of arrays");
        if (type == GgufValueType.Text)
        {
            for (var i = 0L; i < count; i++)
                Skip(ReadLength());
            return null;
        }

        if (count > LongestArray || type is GgufValueType.Float32 or GgufValueType.Float64)
        {
            Skip(checked(count * SizeOf(type)));
            return null;
        }

        var values = new long[count];
        for (var i = 0; i < values.Length; i++)
            values[i] = ReadNumber(type) ?? 0;
        return values;
    }

    private long? ReadNumber(GgufValueType type)
    {
        switch (type)
        {
            case GgufValueType.UInt8 or GgufValueType.Bool:
                return _reader.ReadByte();
            case GgufValueType.Int8:
                return _reader.ReadSByte();
            case GgufValueType.UInt16:
                return _reader.ReadUInt16();
            case GgufValueType.Int16:
                return _reader.ReadInt16();
            case GgufValueType.UInt32:
                return _reader.ReadUInt32();
            case GgufValueType.Int32:
                return _reader.ReadInt32();
            case GgufValueType.UInt64 or GgufValueType.Int64:
                return _reader.ReadInt64();
            default:
                Skip(SizeOf(type));
                return null;
        }
    }

    private long ReadLength()
    {
        var length = _reader.ReadInt64();
        if (length < 0 || length > _file.Length)
            throw new InvalidDataException($"a length of {(ulong)length} in a file of {_file.Length} bytes");
        return length;
    }

    private void Skip(long bytes)
    {
        if (bytes > _file.Length - _file.Position)
            throw new InvalidDataException("the file ends within its header");
        _file.Seek(bytes, SeekOrigin.Current);
    }

    private static long SizeOf(GgufValueType type) => type switch
    {
        GgufValueType.UInt8 or GgufValueType.Int8 or GgufValueType.Bool => 1,
        GgufValueType.UInt16 or GgufValueType.Int16 => 2,
        GgufValueType.UInt32 or GgufValueType.Int32 or GgufValueType.Float32 => 4,
        GgufValueType.UInt64 or GgufValueType.Int64 or GgufValueType.Float64 => 8,
        _ => throw new InvalidDataException($"unknown value type {(uint)type}"),
    };
}
