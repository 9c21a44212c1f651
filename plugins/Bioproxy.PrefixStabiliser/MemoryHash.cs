using System.Buffers.Binary;
using System.IO.Hashing;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Bioproxy.PrefixStabiliser;

/// <summary>The hash by which texts are found again. It is fast, because every message of every request is hashed, and no client can choose
/// texts that share one, because its seed is a secret of this process. It holds as long as the process, like the memory.</summary>
internal readonly record struct MemoryHash(ulong First, ulong Second)
{
    private const int Size = 16;

    private static readonly long Seed = BitConverter.ToInt64(RandomNumberGenerator.GetBytes(sizeof(long)));

    public static MemoryHash Of(ReadOnlySpan<byte> bytes)
    {
        Span<byte> hash = stackalloc byte[Size];
        XxHash128.Hash(bytes, hash, Seed);
        return new(BinaryPrimitives.ReadUInt64LittleEndian(hash), BinaryPrimitives.ReadUInt64LittleEndian(hash[sizeof(ulong)..]));
    }

    public static MemoryHash Of(string text) => Of(MemoryMarshal.AsBytes(text.AsSpan()));

    /// <summary>The hash of what this one is of, followed by what the next one is of.</summary>
    public MemoryHash Then(MemoryHash next)
    {
        Span<byte> both = stackalloc byte[2 * Size];
        WriteTo(both);
        next.WriteTo(both[Size..]);
        return Of(both);
    }

    private void WriteTo(Span<byte> bytes)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, First);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[sizeof(ulong)..], Second);
    }
}
