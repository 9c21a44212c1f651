using System.Text;

namespace Bioproxy.Doubles;

/// <summary>Changes inputs at random: bytes, ranges, numbers, pieces of other inputs, and pieces that mean something.</summary>
/// <param name="seeds">The inputs.</param>
/// <param name="tokens">Pieces that mean something to the reader.</param>
internal sealed class Mutator(IReadOnlyList<byte[]> seeds, IReadOnlyList<string> tokens)
{
    private const int MaxLength = 16 * 1024;
    private const int MostMutations = 6;

    private static readonly string[] Always =
    [
        "\0", "\uFEFF", "\n", "\r\n", "\"", "\\", "\\u0000", "\\ud800", "\\ud83d\\ude00", "\ud83d\ude00", "{", "}", "[", "]", ",",
        ":", "null", "true", "-1", "0",
        "1e999", "-0.0", "2147483648", "9223372036854775808", "99999999999999999999999", "\u0001", "\u2028", " ", "\t", "{}", "[]",
        "\"\"",
    ];

    private readonly Random _random = new(20261129);
    private readonly byte[][] _tokens = [.. Always.Concat(tokens).Select(Encoding.UTF8.GetBytes)];

    public byte[] Next()
    {
        var bytes = Pick(seeds);
        for (var left = _random.Next(MostMutations + 1); left > 0; left--)
            bytes = Mutate(bytes);
        return bytes.Length <= MaxLength ? bytes : bytes[..MaxLength];
    }

    private byte[] Mutate(byte[] bytes)
    {
        var (at, end) = Range(bytes);
        switch (_random.Next(10))
        {
            case 0:
                return [.. bytes[..at], .. bytes[end..]];
            case 1:
                return [.. bytes[..end], .. bytes[at..]]; // twice
            case 2:
                return bytes[..at];
            case 3:
                return [.. bytes[..at], .. Other()];
            case 4 when bytes.Length > 0:
                byte[] changed = [.. bytes];
                changed[Math.Min(at, bytes.Length - 1)] = (byte)_random.Next(256);
                return changed;
            case 5:
                var token = Pick(_tokens);
                var times = _random.Next(20) == 0 ? Math.Min(_random.Next(2000), MaxLength / Math.Max(1, token.Length)) : 1;
                return [.. bytes[..at], .. Enumerable.Repeat(token, times).SelectMany(static one => one), .. bytes[at..]];
            case 6:
                return [.. bytes[..at], .. Pick(_tokens), .. bytes[end..]];
            case 7:
                return ReplaceValue(bytes, at);
            default:
                return [.. bytes[..at], .. Pick(_tokens), .. bytes[at..]];
        }
    }

    /// <summary>Puts a token in place of a whole JSON value or word: what is left is more often well-formed.</summary>
    private byte[] ReplaceValue(byte[] bytes, int from)
    {
        var start = from + bytes.AsSpan(from).IndexOfAny(":,[ "u8) + 1;
        if (start <= from)
            return bytes;
        var length = bytes.AsSpan(start).IndexOfAny(",}] \n"u8);
        return length < 0 ? bytes : [.. bytes[..start], .. Pick(_tokens), .. bytes[(start + length)..]];
    }

    private byte[] Other()
    {
        var other = Pick(seeds);
        return other[_random.Next(other.Length + 1)..];
    }

    private (int Start, int End) Range(byte[] bytes)
    {
        var start = _random.Next(bytes.Length + 1);
        var length = _random.Next(2) == 0 ? _random.Next(Math.Min(16, bytes.Length - start) + 1) : _random.Next(bytes.Length - start + 1);
        return (start, start + length);
    }

    private T Pick<T>(IReadOnlyList<T> list) => list[_random.Next(list.Count)];
}
