namespace Bioproxy.Host.Json;

/// <summary>
/// A body with replacements, as the sequence of its pieces: what was not edited is sent from the client's own bytes, so an
/// edit of one string costs no copy of the rest and cannot change it.
/// </summary>
internal sealed class SplicedBody
{
    private readonly List<ReadOnlyMemory<byte>> _pieces = [];

    /// <param name="body">The client's bytes; must stay valid as long as this object is used.</param>
    /// <param name="splices">In any order; they may not overlap.</param>
    /// <param name="start">Where the text that the splices were made for begins in the body.</param>
    public SplicedBody(ReadOnlyMemory<byte> body, IReadOnlyList<JsonSplice> splices, int start = 0)
    {
        var at = 0;
        foreach (var splice in splices.Count < 2 ? splices : [.. splices.OrderBy(s => s.Range.Start)])
        {
            var from = start + splice.Range.Start;
            if (from < at)
                throw new ArgumentException($"Two edits overlap at byte {from}.", nameof(splices));
            Add(body[at..from]);
            Add(splice.Replacement);
            at = start + splice.Range.End;
        }

        Add(body[at..]);
    }

    /// <summary>The exact number of bytes of all pieces.</summary>
    public long Length { get; private set; }

    public IReadOnlyList<ReadOnlyMemory<byte>> Pieces => _pieces;

    public byte[] ToArray()
    {
        var all = new byte[Length];
        var at = 0;
        foreach (var piece in _pieces)
        {
            piece.Span.CopyTo(all.AsSpan(at));
            at += piece.Length;
        }

        return all;
    }

    private void Add(ReadOnlyMemory<byte> piece)
    {
        if (piece.IsEmpty)
            return;
        _pieces.Add(piece);
        Length += piece.Length;
    }
}
