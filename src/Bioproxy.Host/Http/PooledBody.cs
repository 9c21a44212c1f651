using System.Buffers;
using System.Numerics;
using Bioproxy.Host.Json;

namespace Bioproxy.Host.Http;

/// <summary>A request body in a pooled buffer that grows with what arrives. Disposal returns buffer and budget.</summary>
/// <param name="budget">The memory of all bodies together.</param>
/// <param name="declared">The length that the client announced; null for none. Growth stops there.</param>
internal sealed class PooledBody(BodyBudget budget, long? declared) : IDisposable
{
    /// <summary>A client's word costs no more memory than this; beyond it the buffer follows the bytes that really came.</summary>
    private const long Trusted = 64 * 1024;

    private const long Smallest = 4096;

    private byte[]? _buffer = [];
    private bool _isAbandoned;
    private JsonRange? _json;

    public int Length { get; private set; }

    public ReadOnlyMemory<byte> Memory => (_buffer ?? throw new ObjectDisposedException(nameof(PooledBody))).AsMemory(0, Length);

    /// <summary>Where the JSON stands in it.</summary>
    public JsonRange JsonRange => _json ??= JsonExtent.Of(Memory.Span);

    /// <summary>The JSON in it, as the backend reads it.</summary>
    public ReadOnlyMemory<byte> Json => Memory.Slice(JsonRange.Start, JsonRange.Length);

    /// <summary>Adds what arrived.</summary>
    /// <returns>False when the budget is used up; the body is unchanged.</returns>
    public bool TryAppend(in ReadOnlySequence<byte> bytes)
    {
        if (!TryReserve(Length + bytes.Length))
            return false;
        bytes.CopyTo(_buffer.AsSpan(Length));
        Length += (int)bytes.Length;
        _json = null;
        return true;
    }

    /// <summary>Abandoned code may still read the buffer: the garbage collector gets it instead of the next request.</summary>
    public void Abandon() => _isAbandoned = true;

    public void Dispose()
    {
        if (_buffer is not { } buffer)
            return;
        _buffer = null;
        budget.GiveBack(buffer.Length);
        if (!_isAbandoned && buffer.Length > 0)
            ArrayPool<byte>.Shared.Return(buffer);
    }

    private bool TryReserve(long needed)
    {
        ObjectDisposedException.ThrowIf(_buffer is null, this);
        if (needed <= _buffer.Length)
            return true;
        var wanted = declared is { } length ? Math.Min(length, Math.Max(Trusted, 4 * needed)) : Math.Max(Smallest, 2 * needed);
        var size = (long)BitOperations.RoundUpToPowerOf2((ulong)Math.Max(needed, wanted)); // as the pool does
        if (size > Array.MaxLength)
            size = needed;
        if (!budget.TryTake(size - _buffer.Length))
            return false;
        var larger = ArrayPool<byte>.Shared.Rent((int)size);
        budget.GiveBack(size - larger.Length);
        _buffer.AsSpan(0, Length).CopyTo(larger);
        if (_buffer.Length > 0)
            ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = larger;
        return true;
    }
}
