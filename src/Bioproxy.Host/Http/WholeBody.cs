using System.Buffers;

namespace Bioproxy.Host.Http;

/// <summary>Holds a short answer until it is there as a whole: what it says of itself stands at its end, and the headers go first.</summary>
internal sealed class WholeBody : ResponseGate
{
    /// <summary>An answer of a model is some kilobytes; a longer body passes as it comes.</summary>
    public const int Longest = 1 << 20;

    private readonly int _expected;
    private readonly Action<ReadOnlyMemory<byte>> _complete;
    private readonly byte[] _held;
    private int _length;

    /// <param name="length">The body's length as the backend announced it.</param>
    /// <param name="complete">Is called with the whole body before it is passed on.</param>
    public WholeBody(int length, Action<ReadOnlyMemory<byte>> complete)
    {
        _expected = length;
        _complete = complete;
        _held = ArrayPool<byte>.Shared.Rent(Math.Max(1, length));
    }

    public override bool AreHeadersDue => false;

    public override bool IsOpen => _length == _expected;

    public override ReadOnlyMemory<byte> Pass(ReadOnlyMemory<byte> read)
    {
        if (_length == 0 && read.Length >= _expected)
        {
            _complete(read); // mostly it comes in one read
            _length = _expected;
            return read;
        }

        read.CopyTo(_held.AsMemory(_length));
        _length += read.Length;
        if (_length < _expected)
            return default;
        _complete(_held.AsMemory(0, _length));
        return _held.AsMemory(0, _length);
    }

    /// <summary>Less than announced is an error of the transport, and an empty body needs nothing.</summary>
    public override ReadOnlyMemory<byte> End() => default;

    public override void Dispose() => ArrayPool<byte>.Shared.Return(_held);
}
