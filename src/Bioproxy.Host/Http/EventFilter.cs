using System.Buffers;
using Bioproxy.Host.Json;

namespace Bioproxy.Host.Http;

/// <summary>Cuts an event stream into its events. One goes on when its last byte has come.</summary>
internal abstract class EventFilter : ResponseFilter
{
    /// <summary>A longer event is no token of a model: it passes as it is.</summary>
    private const int Longest = 4 << 20;

    private readonly ArrayBufferWriter<byte> _held = new(4096);
    private int _scanned;

    /// <summary>What goes on.</summary>
    protected ArrayBufferWriter<byte> Out { get; } = new(4096);

    public override ReadOnlyMemory<byte> Pass(ReadOnlyMemory<byte> read)
    {
        Out.ResetWrittenCount();
        if (_held.WrittenCount > 0)
        {
            _held.Write(read.Span);
            read = _held.WrittenMemory;
        }

        var at = 0;
        while (EndOfEvent(read.Span, Math.Max(at, _scanned)) is var end and >= 0)
        {
            _scanned = 0;
            OnEvent(read[at..end], DataOf(read.Span[at..end]));
            at = end;
        }

        Keep(read[at..]);
        return Out.WrittenMemory;
    }

    public override ReadOnlyMemory<byte> End()
    {
        Out.ResetWrittenCount();
        OnEnd();
        OnRest(_held.WrittenMemory);
        return Out.WrittenMemory;
    }

    /// <param name="bytes">The event with its empty line.</param>
    /// <param name="data">Where the value of its only <c>data</c> line stands in it; null for a comment.</param>
    protected abstract void OnEvent(ReadOnlyMemory<byte> bytes, JsonRange? data);

    /// <summary>The stream has ended.</summary>
    protected abstract void OnEnd();

    /// <summary>Bytes that are not an event: a beginning that is too long for one, or what follows the last one at the end.</summary>
    protected virtual void OnRest(ReadOnlyMemory<byte> bytes) => Out.Write(bytes.Span);

    /// <summary>Keeps what may be the beginning of an event.</summary>
    private void Keep(ReadOnlyMemory<byte> rest)
    {
        if (rest.Length > Longest)
        {
            OnRest(rest);
            rest = default;
        }

        if (!rest.IsEmpty && rest.Span == _held.WrittenSpan)
        {
            _scanned = Math.Max(0, rest.Length - 3);
            return; // a long event, in many reads, stays where it is
        }

        byte[]? moved = _held.WrittenCount > 0 && !rest.IsEmpty ? rest.ToArray() : null; // it may lie in what is cleared
        _held.ResetWrittenCount();
        _held.Write(moved ?? rest.Span);
        _scanned = Math.Max(0, _held.WrittenCount - 3);
    }

    /// <summary>The position after the empty line that ends an event; -1 without one. Lines end with <c>\n</c> or <c>\r\n</c>.</summary>
    private static int EndOfEvent(ReadOnlySpan<byte> bytes, int from)
    {
        for (var at = from; at < bytes.Length; at++)
        {
            var next = bytes[at..].IndexOf((byte)'\n');
            if (next < 0)
                return -1;
            at += next;
            if (at + 1 < bytes.Length && bytes[at + 1] == '\n')
                return at + 2;
            if (at + 2 < bytes.Length && bytes[at + 1] == '\r' && bytes[at + 2] == '\n')
                return at + 3;
        }

        return -1;
    }

    /// <summary>The value of the only <c>data</c> line; null for a comment, and for what nobody sends: several of them.</summary>
    private static JsonRange? DataOf(ReadOnlySpan<byte> bytes)
    {
        JsonRange? found = null;
        for (var at = 0; at < bytes.Length;)
        {
            var length = bytes[at..].IndexOf((byte)'\n');
            var end = length < 0 ? bytes.Length : at + length;
            var line = bytes[at..end].TrimEnd((byte)'\r');
            if (line.StartsWith("data:"u8))
            {
                if (found is not null)
                    return null;
                var start = line.Length > 5 && line[5] == ' ' ? 6 : 5;
                found = new JsonRange(at + start, line.Length - start);
            }

            at = end + 1;
        }

        return found;
    }
}
