using System.Buffers;
using System.Globalization;
using System.Text;

namespace Bioproxy.Rag;

/// <summary>Reads the words of a text: runs of letters, digits and the marks that belong to them, in lower case.</summary>
/// <remarks>
/// Scripts that write no spaces between words (Chinese, Japanese) give a word for each character. Of very long words only the beginning
/// counts.
/// </remarks>
internal ref struct WordReader(ReadOnlySpan<char> text)
{
    private const int Longest = 64;

    private readonly char[] _word = new char[Longest + 1];
    private ReadOnlySpan<char> _rest = text;
    private int _length;

    /// <summary>The word; valid until the next one is read.</summary>
    public readonly ReadOnlySpan<char> Word => _word.AsSpan(0, _length);

    /// <summary>Goes on to the next word.</summary>
    /// <returns>False at the end.</returns>
    public bool Read()
    {
        _length = 0;
        while (!_rest.IsEmpty)
        {
            var isPart = Rune.DecodeFromUtf16(_rest, out var rune, out var consumed) == OperationStatus.Done && IsPart(rune);
            var isWord = isPart && IsWordOfItsOwn(rune);
            if (_length > 0 && (!isPart || isWord))
                return true;
            _rest = _rest[consumed..];
            if (isPart && _length < Longest)
                _length += Rune.ToLowerInvariant(rune).EncodeToUtf16(_word.AsSpan(_length));
            if (isWord)
                return true;
        }

        return _length > 0;
    }

    private static bool IsPart(Rune rune) =>
        Rune.IsLetterOrDigit(rune)
        || Rune.GetUnicodeCategory(rune) is UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark;

    private static bool IsWordOfItsOwn(Rune rune) => rune.Value is
        (>= 0x3040 and <= 0x30FF) or (>= 0x3400 and <= 0x4DBF) or (>= 0x4E00 and <= 0x9FFF)
            or (>= 0xF900 and <= 0xFAFF) or (>= 0x20000 and <= 0x3FFFF);
}
