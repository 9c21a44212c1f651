namespace Bioproxy.Rag;

/// <summary>
/// Splits a text into passages: at Markdown headings, and where a section is too long, at blank lines, then at line ends, then between
/// words.
/// </summary>
internal sealed class Chunker
{
    private readonly List<Passage> _passages = [];
    private readonly string _source;
    private readonly int _longest;
    private readonly string[] _lines;

    // For each line the one of the heading above it (or itself), -1 for none.
    private readonly int[] _headings;

    private Chunker(string source, string text, bool isMarkdown, int longest)
    {
        _source = source;
        _longest = longest;
        _lines = text.Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n').Split('\n');
        _headings = isMarkdown ? Headings(_lines) : [.. Enumerable.Repeat(-1, _lines.Length)];
    }

    /// <summary>Splits a text.</summary>
    /// <param name="source">What the passages are cited as.</param>
    /// <param name="text">The text.</param>
    /// <param name="isMarkdown">Whether lines that begin with <c>#</c> are headings.</param>
    /// <param name="longest">The most characters of a passage.</param>
    public static IReadOnlyList<Passage> Split(string source, string text, bool isMarkdown, int longest)
    {
        var chunker = new Chunker(source, text, isMarkdown, longest);
        chunker.Split();
        return chunker._passages;
    }

    private void Split()
    {
        var first = -1;
        var last = -1;
        var hasBody = false; // a heading alone is not a passage; it belongs to the text below it
        foreach (var (start, end) in Paragraphs())
        {
            if (hasBody && (IsHeading(start) || Length(first, end) > _longest))
            {
                AddSection(first, last);
                first = -1;
                hasBody = false;
            }

            first = first < 0 ? start : first;
            last = end;
            hasBody |= !(IsHeading(start) && start == end);
        }

        if (first >= 0)
            AddSection(first, last);
    }

    /// <summary>Runs of lines that are not blank; a heading begins a new one.</summary>
    private IEnumerable<(int First, int Last)> Paragraphs()
    {
        var first = -1;
        for (var i = 0; i <= _lines.Length; i++)
        {
            var ends = i == _lines.Length || IsBlank(i);
            if (first >= 0 && (ends || IsHeading(i)))
            {
                yield return (first, i - 1);
                first = -1;
            }

            if (!ends && first < 0)
                first = i;
        }
    }

    private void AddSection(int first, int last)
    {
        if (Length(first, last) <= _longest)
        {
            AddLines(first, last);
            return;
        }

        var start = first;
        for (var i = first; i <= last; i++)
        {
            if (Length(start, i) <= _longest)
                continue;
            AddLines(start, i - 1);
            start = i;
            if (_lines[i].Length > _longest)
            {
                AddLongLine(i);
                start = i + 1;
            }
        }

        AddLines(start, last);
    }

    private void AddLines(int first, int last)
    {
        while (first <= last && IsBlank(first))
            first++;
        while (first <= last && IsBlank(last))
            last--;
        if (first <= last)
            Add(first, last, string.Join('\n', _lines[first..(last + 1)]));
    }

    private void AddLongLine(int line)
    {
        var rest = _lines[line];
        while (rest.Length > _longest)
        {
            var space = rest.LastIndexOf(' ', _longest - 1, _longest / 2);
            var cut = space > 0 ? space : char.IsHighSurrogate(rest[_longest - 1]) ? _longest - 1 : _longest;
            Add(line, line, rest[..cut]);
            rest = rest[cut..].TrimStart(' ');
        }

        if (!string.IsNullOrWhiteSpace(rest))
            Add(line, line, rest);
    }

    private void Add(int first, int last, string text)
    {
        var heading = _headings[first];
        _passages.Add(new Passage(_source, first + 1, last + 1, text, heading >= 0 && heading < first ? _lines[heading] : ""));
    }

    private int Length(int first, int last)
    {
        var length = last - first;
        for (var i = first; i <= last; i++)
            length += _lines[i].Length;
        return length;
    }

    private bool IsBlank(int line) => string.IsNullOrWhiteSpace(_lines[line]);

    private bool IsHeading(int line) => line < _lines.Length && _headings[line] == line;

    // Within a fence of ``` or ~~~ a # begins a comment.
    private static int[] Headings(string[] lines)
    {
        var headings = new int[lines.Length];
        var heading = -1;
        var fence = "";
        for (var i = 0; i < lines.Length; i++)
        {
            var line = lines[i].AsSpan().TrimStart();
            if (fence.Length > 0)
            {
                if (line.StartsWith(fence, StringComparison.Ordinal) && line.TrimStart(fence[0]).IsWhiteSpace())
                    fence = "";
            }
            else if (Fence(line) is { Length: >= 3 } opening)
            {
                fence = opening;
            }
            else if (IsHeading(lines[i]))
            {
                heading = i;
            }

            headings[i] = heading;
        }

        return headings;
    }

    // ```code``` within one line is not a fence.
    private static string Fence(ReadOnlySpan<char> line)
    {
        if (line is not ['`' or '~', ..])
            return "";
        var rest = line.TrimStart(line[0]);
        return line[0] == '`' && rest.Contains('`') ? "" : new string(line[0], line.Length - rest.Length);
    }

    private static bool IsHeading(ReadOnlySpan<char> line)
    {
        var level = line.IndexOfAnyExcept('#');
        return level is >= 1 and <= 6 && line[level] is ' ' or '\t';
    }
}
