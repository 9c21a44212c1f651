using System.Buffers;

namespace Bioproxy.Host.Http;

/// <summary>Buffers a short answer until it is complete: the headers report figures that stand at its end.</summary>
internal sealed class BufferedResponse : ResponseGate
{
    /// <summary>A model's answer has some kilobytes; a longer body is passed on as it comes.</summary>
    public const int Longest = 1 << 20;

    private readonly int _expected;
    private readonly Action<ReadOnlyMemory<byte>> _complete;
    private readonly byte[] _held;
    private int _length;

    /// <param name="length">The body's length as the backend announced it.</param>
    /// <param name="complete">Called with the whole body before it is passed on.</param>
    public BufferedResponse(int length, Action<ReadOnlyMemory<byte>> complete)
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
            _complete(read); // most answers come in one read
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

    /// <summary>A body shorter than announced is an error of the transport, and an empty one needs nothing.</summary>
    public override ReadOnlyMemory<byte> End() => default;

    public override void Dispose() => ArrayPool<byte>.Shared.Return(_held);
}
