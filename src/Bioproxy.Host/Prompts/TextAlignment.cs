using System.Buffers.Binary;

namespace Bioproxy.Host.Prompts;

/// <summary>How much of a text another one repeats behind their first difference: what would have been reused if that difference had been
/// mended. An estimate that never counts a byte twice, within bounds of time.</summary>
internal static class TextAlignment
{
    /// <summary>Shorter runs are chance.</summary>
    private const int LeastRun = 64;

    /// <summary>Bytes after a difference within which the texts are aligned anywhere; farther on only at the starts of lines.</summary>
    private const int Near = 1024;

    private const int Far = 128 * 1024;
    private const int MostGaps = 24;

    /// <param name="text">A text behind its first difference from the other one.</param>
    /// <param name="other">The other one behind it.</param>
    public static int Repeated(ReadOnlySpan<byte> text, ReadOnlySpan<byte> other)
    {
        var repeated = 0;
        for (var gap = 0; gap < MostGaps; gap++)
        {
            if ((Next(text, other, Near, byLine: false) ?? Next(text, other, Far, byLine: true)) is not { } next)
                break;
            text = text[next.Mine..];
            other = other[next.Others..];
            var run = text.CommonPrefixLength(other);
            repeated += run >= LeastRun ? run : 0;
            text = text[run..];
            other = other[run..];
        }

        return repeated;
    }

    /// <summary>The nearest place where both go on alike.</summary>
    private static (int Mine, int Others)? Next(ReadOnlySpan<byte> text, ReadOnlySpan<byte> other, int window, bool byLine)
    {
        var places = new Dictionary<ulong, int>();
        for (var i = 0; i + sizeof(ulong) <= Math.Min(window, other.Length); i++)
        {
            if (!byLine || IsLineStart(other, i))
                places.TryAdd(KeyAt(other, i), i);
        }

        for (var i = 0; i + sizeof(ulong) <= Math.Min(window, text.Length); i++)
        {
            if ((!byLine || IsLineStart(text, i)) && places.TryGetValue(KeyAt(text, i), out var at)
                && IsRun(text[i..], other[at..]))
                return (i, at);
        }

        return null;
    }

    private static bool IsRun(ReadOnlySpan<byte> text, ReadOnlySpan<byte> other) =>
        text.CommonPrefixLength(other) >= Math.Min(LeastRun, Math.Min(text.Length, other.Length));

    private static bool IsLineStart(ReadOnlySpan<byte> text, int at) =>
        text[at] >= CanonicalPrompt.OtherMark || (at > 0 && text[at - 1] == '\n');

    private static ulong KeyAt(ReadOnlySpan<byte> text, int at) => BinaryPrimitives.ReadUInt64LittleEndian(text[at..]);
}
