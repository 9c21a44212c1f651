using System.Runtime.InteropServices;
using System.Text;

namespace Bioproxy.Doubles;

/// <summary>
/// Writes GGUF version 3 files (github ggml docs/gguf.md): header, metadata, tensor table, then the tensors' bytes, each aligned. The same
/// calls give the same bytes.
/// </summary>
internal sealed class GgufWriter
{
    private const int Alignment = 32;

    private readonly List<(string Key, Action<BinaryWriter> WriteValue)> _metadata = [];
    private readonly List<GgufTensor> _tensors = [];

    // The numbers given to AddMetadata are the format's type codes.
    public void Add(string key, uint value) => AddMetadata(key, 4, writer => writer.Write(value));

    public void Add(string key, float value) => AddMetadata(key, 6, writer => writer.Write(value));

    public void Add(string key, bool value) => AddMetadata(key, 7, writer => writer.Write(value));

    public void Add(string key, string value) => AddMetadata(key, 8, writer => WriteString(writer, value));

    public void Add(string key, IReadOnlyCollection<int> values) => AddArray(key, 5, values, (writer, value) => writer.Write(value));

    public void Add(string key, IReadOnlyCollection<float> values) => AddArray(key, 6, values, (writer, value) => writer.Write(value));

    public void Add(string key, IReadOnlyCollection<string> values) => AddArray(key, 8, values, WriteString);

    public void Add(GgufTensor tensor) => _tensors.Add(tensor);

    public void Write(Stream stream)
    {
        using var writer = new BinaryWriter(stream, Encoding.UTF8, leaveOpen: true);
        writer.Write("GGUF"u8);
        writer.Write(3u);
        writer.Write((ulong)_tensors.Count);
        writer.Write((ulong)_metadata.Count);
        foreach (var (key, writeValue) in _metadata)
        {
            WriteString(writer, key);
            writeValue(writer);
        }

        long offset = 0;
        foreach (var tensor in _tensors)
        {
            WriteString(writer, tensor.Name);
            writer.Write((uint)tensor.Shape.Length);
            foreach (var length in tensor.Shape)
                writer.Write((ulong)length);
            writer.Write((uint)tensor.Type);
            writer.Write((ulong)offset);
            offset = Aligned(offset + tensor.Bytes);
        }

        writer.Flush();
        WritePadding(writer, stream.Position);
        foreach (var tensor in _tensors)
        {
            WriteRows(writer, tensor);
            WritePadding(writer, tensor.Bytes);
        }
    }

    private static long Aligned(long position) => (position + Alignment - 1) / Alignment * Alignment;

    private static void WritePadding(BinaryWriter writer, long position)
        => writer.Write(new byte[Aligned(position) - position]);

    private static void WriteRows(BinaryWriter writer, GgufTensor tensor)
    {
        var row = new float[tensor.RowLength];
        var halves = new Half[tensor.RowLength];
        for (long index = 0; index < tensor.Rows; index++)
        {
            tensor.FillRow(row, index);
            if (tensor.Type == GgufTensorType.Float32)
            {
                writer.Write(MemoryMarshal.AsBytes(row.AsSpan()));
                continue;
            }

            for (var column = 0; column < row.Length; column++)
                halves[column] = (Half)row[column];
            writer.Write(MemoryMarshal.AsBytes(halves.AsSpan()));
        }
    }

    private static void WriteString(BinaryWriter writer, string value)
    {
        var bytes = Encoding.UTF8.GetBytes(value);
        writer.Write((ulong)bytes.Length);
        writer.Write(bytes);
    }

    private void AddMetadata(string key, uint type, Action<BinaryWriter> writeValue)
    {
        _metadata.Add((key, Write));

        void Write(BinaryWriter writer)
        {
            writer.Write(type);
            writeValue(writer);
        }
    }

    private void AddArray<T>(string key, uint elementType, IReadOnlyCollection<T> values, Action<BinaryWriter, T> writeElement)
        => AddMetadata(key, 9, writer =>
        {
            writer.Write(elementType);
            writer.Write((ulong)values.Count);
            foreach (var value in values)
                writeElement(writer, value);
        });
}
