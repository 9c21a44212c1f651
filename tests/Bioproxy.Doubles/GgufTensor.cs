namespace Bioproxy.Doubles;

/// <summary>One tensor of a GGUF file: its rows are requested one by one, in order, when the file is written.</summary>
/// <param name="Name">The name llama.cpp looks for, such as <c>blk.0.attn_q.weight</c>.</param>
/// <param name="Type">How the elements are stored.</param>
/// <param name="Shape">Lengths, the fastest changing first: <c>[columns, rows]</c>.</param>
/// <param name="FillRow">Fills the row of the given index.</param>
internal sealed record GgufTensor(string Name, GgufTensorType Type, long[] Shape, Action<Span<float>, long> FillRow)
{
    public int RowLength => checked((int)Shape[0]);

    public long Rows => Shape.Skip(1).Aggregate(1L, (product, length) => product * length);

    public long Bytes => RowLength * Rows * (Type == GgufTensorType.Float16 ? 2 : 4);
}
