using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Bioproxy.Host.Prompts;

/// <summary>The first 128 bits of a SHA-256: enough that two prompts never share one by chance.</summary>
internal readonly record struct ChainHash(ulong High, ulong Low)
{
    public static ChainHash Parse(string hex)
    {
        var bytes = Convert.FromHexString(hex);
        if (bytes.Length != 16)
            throw new FormatException("A chain hash has 32 hexadecimal digits.");
        return From(bytes);
    }

    /// <summary>The hash of <paramref name="previous"/> followed by <paramref name="data"/> (at most <see cref="PromptChain.BlockSize"/>
    /// bytes).</summary>
    public static ChainHash Next(ChainHash previous, ReadOnlySpan<byte> data)
    {
        Span<byte> buffer = stackalloc byte[16 + PromptChain.BlockSize];
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        previous.WriteTo(buffer);
        data.CopyTo(buffer[16..]);
        SHA256.HashData(buffer[..(16 + data.Length)], digest);
        return From(digest);
    }

    public static ChainHash Of(ReadOnlySpan<byte> data)
    {
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(data, digest);
        return From(digest);
    }

    public void WriteTo(Span<byte> destination)
    {
        BinaryPrimitives.WriteUInt64BigEndian(destination, High);
        BinaryPrimitives.WriteUInt64BigEndian(destination[8..], Low);
    }

    public override string ToString() => $"{High:x16}{Low:x16}";

    public static ChainHash From(ReadOnlySpan<byte> bytes) =>
        new(BinaryPrimitives.ReadUInt64BigEndian(bytes), BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]));
}
